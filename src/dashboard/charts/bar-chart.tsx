import { scaleBand, scaleLinear, type ScaleBand, type ScaleLinear } from "d3-scale";
import { stack } from "d3-shape";
import { grouped } from "../printed.ts";

const WIDTH = 860;
const HEIGHT = 240;
const LEFT = 58;
const BOTTOM = 24;
const TOP = 10;
const MAX_LABELS = 10;
/** Series that have a colour of their own; the others are one. */
export const MAX_SERIES = 6;

/** A series of windows, oldest first; values are decimal strings. */
export interface ChartSeries {
  name: string;
  points: readonly { start: string; value: string }[];
}

interface ChartProps {
  label: string;
  unit: string;
  series: readonly ChartSeries[];
}

/** Bars by window, series on top of each other. Numbers are for drawing only; what is read is the text that came. */
export function BarChart({ label, unit, series }: ChartProps) {
  const starts = [...new Set(series.flatMap(({ points }) => points.map(({ start }) => start)))].toSorted();
  const values = series.map(({ points }) => new Map(points.map(({ start, value }) => [start, value])));
  const drawn = stack<string, number>()
    .keys(series.map((_, index) => index))
    .value((start, index) => Math.max(0, Number(values[index]?.get(start) ?? 0)))(starts);
  const most = Math.max(1, ...drawn.flatMap((bars) => bars.map(([, high]) => high)));
  const x = scaleBand().domain(starts).range([LEFT, WIDTH]).padding(0.22);
  const y = scaleLinear()
    .domain([0, most])
    .nice(4)
    .range([HEIGHT - BOTTOM, TOP]);
  return (
    <div class="wide-chart" role="region" aria-label={label} tabindex={0}>
      <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} data-chart="bars">
        <Axes x={x} y={y} starts={starts} />
        {drawn.map((bars, index) =>
          bars.map(([low, high], place) => {
            const start = starts[place] ?? "";
            const value = values[index]?.get(start);
            if (value === undefined || high <= low) {
              return null;
            }
            const name = series.length > 1 ? `${series[index]?.name ?? ""}, ` : "";
            return (
              <rect
                class={`f${Math.min(index, MAX_SERIES - 1)}`}
                x={round(x(start) ?? 0)}
                y={round(y(high))}
                width={round(x.bandwidth())}
                height={round(Math.max(1, y(low) - y(high)))}
                rx="1.5"
                data-tip={`${name}${tipTime(start)}: ${grouped(value)} ${unit}`}
              />
            );
          }),
        )}
        <line class="axis base" x1={LEFT} x2={WIDTH} y1={y(0)} y2={y(0)} />
      </svg>
    </div>
  );
}

interface AxesProps {
  x: ScaleBand<string>;
  y: ScaleLinear<number, number>;
  starts: readonly string[];
}

function Axes({ x, y, starts }: AxesProps) {
  const every = Math.max(1, Math.ceil(starts.length / MAX_LABELS));
  return (
    <g aria-hidden="true">
      {y.ticks(4).map((tick) => (
        <>
          <line class="axis" x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
            {shortNumber(tick)}
          </text>
        </>
      ))}
      {starts
        .filter((_, index) => index % every === 0)
        .map((start) => (
          <text x={(x(start) ?? 0) + x.bandwidth() / 2} y={HEIGHT - 6} text-anchor="middle">
            {dayLabel(start)}
          </text>
        ))}
    </g>
  );
}

/** Which colour is which series. */
export function Legend({ names }: { names: readonly string[] }) {
  return (
    <ul class="legend">
      {names.map((name, index) => (
        <li>
          <svg width="10" height="10" aria-hidden="true">
            <rect class={`f${Math.min(index, MAX_SERIES - 1)}`} width="10" height="10" rx="2" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

/** A number of an axis, short: 1500000 → `1.5M`. */
export function shortNumber(value: number): string {
  for (const [size, letter] of [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (Math.abs(value) >= size) {
      return `${Number((value / size).toFixed(2))}${letter}`;
    }
  }
  return String(Number(value.toFixed(3)));
}

/** One decimal is finer than a screen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function dayLabel(start: string): string {
  const date = new Date(start);
  const month = date.toLocaleString("en", { month: "short", timeZone: "UTC" });
  return start.slice(11, 16) === "00:00" ? `${month} ${date.getUTCDate()}` : start.slice(11, 16);
}

function tipTime(start: string): string {
  return start.slice(11, 16) === "00:00" ? start.slice(0, 10) : `${start.slice(0, 16).replace("T", " ")} UTC`;
}
