import type { Bucket } from "../domain/bucket.ts";
import type { Aggregation } from "../domain/meter.ts";
import { isoTime } from "../domain/window.ts";
import { bucketRows, USAGE_COLUMNS } from "./bucket-rows.ts";
import type { Database, Parameter, Statement } from "./database.ts";
import { column } from "./row.ts";

/** What usage is merged over which windows and groups. */
export interface SeriesChoice {
  metricName: string;
  aggregation: Aggregation;
  customerId: string | undefined;
  /** Rising bounds of adjoining windows at full hours, epoch ms. */
  bounds: readonly number[];
  /** Reads days instead of hours: every bound is a midnight of UTC. */
  isDaily: boolean;
  /** What a group's key consists of: `customer`, or the name of a dimension. */
  groupBy: readonly string[];
  /** Dimension and value; an empty value stands for usage without that dimension, too. */
  filters: readonly (readonly [name: string, value: string])[];
  /** Key of the last group that was read. */
  after: readonly string[] | undefined;
  limit: number;
}

export interface SeriesGroup {
  /** A part per member of `groupBy`: a customer's id, or `=` and a dimension's value; empty where there is none. */
  key: string[];
  /** Place of a window, counted from 1, and its value as Postgres prints it, in order. */
  points: [place: number, value: string][];
}

const MERGES: Record<Aggregation, string> = {
  sum: "sum(value)",
  count: "sum(value)",
  max: "max(value)",
  min: "min(value)",
  last: "(array_agg(value order by last_at desc, value desc))[1]",
};

/**
 * Reads usage by group and window, groups in the order of their keys: the ledger, with `live` buckets in place of what it
 * holds of them unless its own version is newer. One statement; read `live` first, so that nothing can fall between.
 *
 * Adjustments are added to the window that contains them, after merging. They are of a customer and metric and name no
 * dimension: they are left out where dimensions are filtered or grouped by. Neither are they in a `max`, `min` or `last`
 * over several customers, whose value is one customer's.
 */
export async function readUsageSeries(
  database: Database,
  choice: SeriesChoice,
  live: readonly Bucket[],
): Promise<SeriesGroup[]> {
  const { text, params } = seriesStatement(choice, live);
  const rows = await database.query(text, params);
  return rows.map((row) => ({
    key: JSON.parse(column(row, "key")) as SeriesGroup["key"],
    points: JSON.parse(column(row, "points")) as SeriesGroup["points"],
  }));
}

/** No adjustments, in the form of some. */
const NOTHING = `select array[]::text[] collate "C" as key, 0 as place, 0::numeric as value where false`;

/** A text of SQL with its parameters bound as they come up. */
type Bind = (value: Parameter) => string;

function seriesStatement(choice: SeriesChoice, live: readonly Bucket[]): Statement {
  const params: Parameter[] = [];
  const bind: Bind = (value) => `$${params.push(value)}`;
  const range = rangeOf(choice.bounds, bind);
  const isMeant = `metric_name = ${bind(choice.metricName)}${
    choice.customerId === undefined ? "" : ` and customer_id = ${bind(choice.customerId)}`
  }`;
  const key = keyExpression(choice.groupBy, bind);
  const hasMany = choice.groupBy.includes("customer");
  const ofPage = hasMany ? " join chosen using (key)" : "";
  const text = `
with page as (
  select customer_id, epoch, sha256(convert_to(series, 'UTF8')) as series, dimensions, value, version,
    to_timestamp(hour_ms / 1000.0) as window_start, to_timestamp(at_ms / 1000.0) as last_at
  from jsonb_to_recordset(${bind(bucketRows(live))}::jsonb) as page (${USAGE_COLUMNS})
  where ${isMeant}
), live as (
  -- What is held of an hour is read too: a sum takes the difference, the others merge with what they came from.
  select page.customer_id, page.dimensions, page.window_start, page.last_at,
    page.value${isAdded(choice) ? " - coalesce(held.value, 0)" : ""} as value
  from page left join usage_records held on held.customer_id = page.customer_id
    and held.window_start = page.window_start and held.epoch = page.epoch and held.series = page.series
  where ${range.contains("page.window_start")} and (held.version is null or held.version < page.version)
), counted as (
  select ${key} as key, ${range.place("window_start")} as place, value, last_at
  from (
    select customer_id, dimensions, window_start, last_at, value from live
    union all
    ${choice.isDaily ? range.days : range.hours} and ${isMeant}
  ) as usage
  where ${isOfFilters(choice.filters, bind)}
), corrected as (
  ${
    takesAdjustments(choice)
      ? `select ${key} as key, ${range.place("at")} as place, quantity as value
  from adjustments where ${range.contains("at")} and ${isMeant}`
      : NOTHING
  }
), ${hasMany ? chosenGroups(choice, bind) : ""}parts as (
  select key, place, ${MERGES[choice.aggregation]} as value from counted${ofPage} group by key, place
  union all
  select key, place, value from corrected${ofPage}
), points as (
  select key, place, sum(value) as value from parts where ${isAfter(choice.after, bind)} group by key, place
)
select to_json(key)::text as key, json_agg(json_build_array(place, value::text) order by place)::text as points
from points group by key order by points.key limit ${bind(choice.limit)}::int`;
  return { text, params };
}

/** The groups of a page, chosen before usage is merged: merging all customers' would take most of the time. */
function chosenGroups({ after, limit }: SeriesChoice, bind: Bind): string {
  return `chosen as (
  select distinct key from (select key from counted union all select key from corrected) as keys
  where ${isAfter(after, bind)} order by key limit ${bind(limit)}::int
), `;
}

/** Conditions and places of the windows, and the two tables that hold usage, each with its own time. */
function rangeOf(
  bounds: readonly number[],
  bind: Bind,
): { contains: (time: string) => string; place: (time: string) => string; hours: string; days: string } {
  const times = bounds.map(isoTime);
  const from = `${bind(times[0] ?? null)}::timestamptz`;
  const to = `${bind(times.at(-1) ?? null)}::timestamptz`;
  const all = `${bind(`{${times.join(",")}}`)}::timestamptz[]`;
  const contains = (time: string): string => `${time} >= ${from} and ${time} < ${to}`;
  return {
    contains,
    place: (time) => `width_bucket(${time}, ${all})`,
    hours: `select customer_id, dimensions, window_start, last_at, value from usage_records
    where ${contains("window_start")}`,
    days: `select customer_id, dimensions, day::timestamp at time zone 'UTC', last_at, value from usage_daily
    where day >= (${from} at time zone 'UTC')::date and day < (${to} at time zone 'UTC')::date`,
  };
}

/** An array of text that is compared by bytes; a dimension's value is marked, so that no value is taken for none. */
function keyExpression(groupBy: readonly string[], bind: Bind): string {
  const parts = groupBy.map((member) =>
    member === "customer" ? "customer_id" : `coalesce('=' || (dimensions ->> ${bind(member)}::text), '')`,
  );
  return `(array[${parts.join(", ")}]::text[] collate "C")`;
}

function isOfFilters(filters: SeriesChoice["filters"], bind: Bind): string {
  const conditions = filters.map(
    ([name, value]) => `coalesce(dimensions ->> ${bind(name)}::text, '') = ${bind(value)}`,
  );
  return conditions.length === 0 ? "true" : conditions.join(" and ");
}

function isAfter(after: SeriesChoice["after"], bind: Bind): string {
  return after === undefined ? "true" : `key > array[${after.map(bind).join(", ")}]::text[]`;
}

function isAdded({ aggregation }: SeriesChoice): boolean {
  return aggregation === "sum" || aggregation === "count";
}

function takesAdjustments(choice: SeriesChoice): boolean {
  const isByCustomer = choice.customerId !== undefined || choice.groupBy.includes("customer");
  const hasDimensions = choice.filters.length > 0 || choice.groupBy.some((member) => member !== "customer");
  return !hasDimensions && (isByCustomer || isAdded(choice));
}
