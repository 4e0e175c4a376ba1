import { AGGREGATIONS, type Aggregation } from "./meter.ts";
import { invariant } from "./invariant.ts";

/** One counter of a customer: a metric with one combination of dimension values. */
export interface Series {
  metricName: string;
  aggregation: Aggregation;
  /** Decimals of the counted integers. */
  scale: number;
  /** Dimension values, keys in code-unit order. */
  dimensions: Record<string, string>;
}

/** What a series has counted: an integer at the series' scale, and for `last` the time of the event it is from. */
export interface SeriesState {
  value: bigint;
  /** Epoch ms; only for `last`. */
  atMs: number | null;
}

/** The one text of a series; two series are the same exactly when their texts are. */
export function formatSeries(series: Series): string {
  const keys = Object.keys(series.dimensions);
  if (keys.length > 1) {
    keys.sort();
  }
  const pairs = keys.flatMap((key) => [key, series.dimensions[key]]);
  return JSON.stringify([series.metricName, series.aggregation, series.scale, ...pairs]);
}

/** Reads what {@link formatSeries} wrote. */
export function parseSeries(text: string): Series {
  const [metricName, aggregation, scale, ...pairs] = JSON.parse(text) as [
    string,
    string,
    number,
    ...string[],
  ];
  const known = AGGREGATIONS.find((name) => name === aggregation);
  invariant(known !== undefined, `aggregation of a series: ${aggregation}`);
  const dimensions: [string, string][] = [];
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    dimensions.push([pairs[index] ?? "", pairs[index + 1] ?? ""]);
  }
  return { metricName, aggregation: known, scale, dimensions: Object.fromEntries(dimensions) };
}

/** Reads a state as the record script writes it: `digits`, or `digits@ms` for `last`. */
export function parseState(text: string): SeriesState {
  const [digits = "", at] = text.split("@");
  return { value: BigInt(digits), atMs: at === undefined ? null : Number(at) };
}

/** Merges two states of series of one aggregation: over epochs, hours, days or dimensions. */
export function mergeStates(aggregation: Aggregation, left: SeriesState, right: SeriesState): SeriesState {
  switch (aggregation) {
    case "sum":
    case "count":
      return { value: left.value + right.value, atMs: null };
    case "max":
      return left.value >= right.value ? left : right;
    case "min":
      return left.value <= right.value ? left : right;
    case "last":
      return isNewer(right, left) ? right : left;
  }
}

/** The later event wins; of two at one moment the greater value. */
function isNewer(candidate: SeriesState, current: SeriesState): boolean {
  const difference = (candidate.atMs ?? 0) - (current.atMs ?? 0);
  return difference > 0 || (difference === 0 && candidate.value > current.value);
}
