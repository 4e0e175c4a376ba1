import { Hono, type Context } from "hono";
import { accepts } from "hono/accepts";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../domain/window.ts";
import { usageSeries, type SeriesPage, type SeriesRefusal } from "../../usage/series-query.ts";
import { requireScope } from "../auth.ts";
import { csvDocument, type CsvCell } from "../csv.ts";
import { writeGroupCursor } from "../group-cursor.ts";
import { ApiProblem } from "../problem.ts";
import { readSeriesRequest, type SeriesRequest } from "./series-request.ts";

/** `GET /v1/usage`: a metric over time, by customer and dimensions, as JSON or CSV. */
export function usageSeriesRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/usage", requireScope(deps.keys, "read"), async (context) => {
    const nowMs = deps.now();
    const request = readSeriesRequest(context.req.url, nowMs);
    const page = found(await usageSeries(deps, request.query, nowMs));
    context.header("cache-control", "no-store");
    context.header("vary", "accept");
    const type = accepts(context, {
      header: "Accept",
      supports: ["application/json", "text/csv"],
      default: "application/json",
    });
    return type === "text/csv" ? csvAnswer(context, request, page) : context.json(documentOf(request, page));
  });

  return routes;
}

function found(page: SeriesPage | SeriesRefusal): SeriesPage {
  if (page === "no_catalog") {
    throw new ApiProblem("no_catalog", "publish one with PUT /v1/catalog");
  }
  if (page === "unknown_metric") {
    throw new ApiProblem("invalid_request", "metric: the catalog has no meter of that name");
  }
  if ("unknownDimension" in page) {
    throw new ApiProblem(
      "invalid_request",
      `${page.unknownDimension}: the meter has no dimension of that name`,
    );
  }
  return page;
}

function documentOf(request: SeriesRequest, page: SeriesPage): object {
  const { bounds, metricName } = request.query;
  return {
    metric: metricName,
    window: request.window,
    timezone: request.timezone,
    from: isoTime(bounds[0] ?? 0),
    to: isoTime(bounds.at(-1) ?? 0),
    asOf: isoTime(page.asOfMs),
    stale: page.isStale,
    data: page.series,
    nextCursor: nextCursor(request, page),
  };
}

function nextCursor({ text, query }: SeriesRequest, { nextKey }: SeriesPage): string | null {
  const { bounds } = query;
  return nextKey === undefined
    ? null
    : writeGroupCursor(text, { fromMs: bounds[0] ?? 0, toMs: bounds.at(-1) ?? 0, key: nextKey });
}

/** What stands beside the points in JSON stands in headers; the next page as RFC 8288 links to it. */
function csvAnswer(context: Context, request: SeriesRequest, page: SeriesPage): Response {
  const cursor = nextCursor(request, page);
  if (cursor !== null) {
    const next = new URL(context.req.url);
    next.searchParams.set("cursor", cursor);
    context.header("link", `<${next.pathname}${next.search}>; rel="next"`);
  }
  context.header("x-as-of", isoTime(page.asOfMs));
  context.header("x-stale", String(page.isStale));
  context.header("content-type", "text/csv; charset=utf-8; header=present");
  context.header("content-disposition", `attachment; filename="usage-${request.query.metricName}.csv"`);
  return context.body(csvDocument(csvRows(request, page)));
}

/** One row per point: the customer where there is one, the dimensions grouped by, the window and its value. */
function csvRows({ query }: SeriesRequest, { series }: SeriesPage): CsvCell[][] {
  const hasCustomer = query.customerId !== undefined || query.groupBy.includes("customer");
  const dimensions = query.groupBy.filter((member) => member !== "customer");
  const head: CsvCell[] = [...(hasCustomer ? ["customerId"] : []), ...dimensions, "start", "end", "value"];
  const rows = series.flatMap((group): CsvCell[][] => {
    const cells: CsvCell[] = dimensions.map((name) => group.dimensions[name] ?? "");
    if (hasCustomer) {
      cells.unshift(group.customerId ?? "");
    }
    return group.points.map(({ start, end, value }) => [
      ...cells,
      { printed: start },
      { printed: end },
      { printed: value },
    ]);
  });
  return [head, ...rows];
}
