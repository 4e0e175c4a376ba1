import { expect, test } from "vitest";
import { isoTime } from "../../../src/domain/window.ts";
import { ApiProblem } from "../../../src/http/problem.ts";
import { readSeriesRequest, type SeriesRequest } from "../../../src/http/routes/series-request.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56.789Z");

function read(query: string): SeriesRequest {
  return readSeriesRequest(`https://meter.test/v1/usage?${query}`, NOW_MS);
}

/** First and last bound, and how many windows. */
function range(query: string): [string, string, number] {
  const { bounds } = read(`metric=m&${query}`).query;
  return [isoTime(bounds[0] ?? 0), isoTime(bounds.at(-1) ?? 0), bounds.length - 1];
}

function refusal(query: string): [string, string] {
  try {
    read(query);
    return ["taken", ""];
  } catch (error) {
    return error instanceof ApiProblem ? [error.code, error.message] : ["", String(error)];
  }
}

test.each([
  { query: "", from: "2026-10-24T00:00", to: "2026-11-24T00:00", windows: 31 },
  { query: "window=hour", from: "2026-11-22T12:00", to: "2026-11-23T13:00", windows: 25 },
  { query: "window=month", from: "2026-10-01T00:00", to: "2026-12-01T00:00", windows: 2 },
  { query: "timezone=Europe/Berlin", from: "2026-10-23T22:00", to: "2026-11-23T23:00", windows: 31 },
  { query: "to=2026-11-02T00:00:00Z", from: "2026-10-03T00:00", to: "2026-11-02T00:00", windows: 30 },
  { query: "from=2026-11-22T10:00:00%2B02:00", from: "2026-11-22T00:00", to: "2026-11-24T00:00", windows: 2 },
  { query: "from=0&to=1", from: "1970-01-01T00:00", to: "1970-01-02T00:00", windows: 1 },
  {
    query: "from=2026-11-01&to=2026-11-03&timezone=America/New_York",
    from: "2026-11-01T04:00",
    to: "2026-11-03T05:00",
    windows: 2,
  },
])("range: $query", ({ query, from, to, windows }) => {
  expect(range(query)).toEqual([`${from}:00.000Z`, `${to}:00.000Z`, windows]);
});

test("groups and filters: are read as they are given", () => {
  const { query } = read(
    "metric=m&groupBy=region,customer&filter[tier]=a%2Cb&filter[region]=&fill=zero&limit=7",
  );
  expect(query).toMatchObject({
    groupBy: ["region", "customer"],
    filters: [
      ["tier", "a,b"],
      ["region", ""],
    ],
    isFilled: true,
    limit: 7,
    after: undefined,
  });
});

test("the text that a cursor belongs to: is the same in any order, without cursor and limit", () => {
  const { text } = read("metric=m&groupBy=customer&window=day");
  expect(read("window=day&limit=5&groupBy=customer&metric=m").text).toBe(text);
  expect(read("metric=m&groupBy=customer&window=month").text).not.toBe(text);
  expect(read("metric=m&groupBy=customer").text).not.toBe(text);
});

test.each([
  { query: "", detail: /^metric: / },
  { query: "metric=", detail: /^metric: / },
  { query: "metric=m&metric=m", detail: /^metric: is given twice$/ },
  { query: "metric=m&filter[region]=a&filter[region]=b", detail: /^filter\[region\]: is given twice$/ },
  { query: "metric=m&filter=a", detail: /^filter: / },
  { query: "metric=m&filter[]=a", detail: /^filter\.0/ },
  { query: "metric=m&filter[a]=%00", detail: /^filter\.0/ },
  { query: `metric=m&filter[a]=${"x".repeat(129)}`, detail: /^filter\.0/ },
  { query: "metric=m&groupby=customer", detail: /groupby/ },
  { query: "metric=m&groupBy=", detail: /^groupBy/ },
  { query: "metric=m&groupBy=a,a", detail: /^groupBy/ },
  { query: "metric=m&customerId=", detail: /^customerId: / },
  { query: "metric=m&customerId=%00", detail: /^customerId: / },
  { query: "metric=m&window=week", detail: /^window: / },
  { query: "metric=m&fill=null", detail: /^fill: / },
  { query: "metric=m&limit=0", detail: /^limit: / },
  { query: "metric=m&limit=1001", detail: /^limit: / },
  { query: "metric=m&from=yesterday", detail: /^from: must be ISO 8601/ },
  { query: "metric=m&from=2026-11-01T00:00:00", detail: /^from: must be ISO 8601/ },
  { query: "metric=m&from=2026-02-30", detail: /^from: must be ISO 8601/ },
  { query: "metric=m&from=-1", detail: /^from: must be ISO 8601/ },
  { query: "metric=m&to=999999999999999", detail: /from 1970 to 9998/ },
  { query: "metric=m&from=1969-12-31", detail: /from 1970 to 9998/ },
  { query: "metric=m&from=2026-11-23T12:34:56.790Z", detail: /before to/ },
  { query: "metric=m&from=5&to=5", detail: /before to/ },
  { query: "metric=m&timezone=Nowhere/Town", detail: /^timezone: / },
  { query: "metric=m&timezone=", detail: /^timezone: / },
  { query: "metric=m&from=2020-01-01&window=hour", detail: /more than 1000 windows; ask for a shorter/ },
  {
    query: "metric=m&groupBy=customer&limit=1000&from=2026-11-01&to=2026-11-06&window=hour",
    detail: /^limit: at most 833 groups of 120 windows/,
  },
])("refused: $query", ({ query, detail }) => {
  const [code, message] = refusal(query);
  expect([code, message]).toEqual(["invalid_request", expect.stringMatching(detail)]);
});

test.each([
  { query: "metric=m&timezone=Asia/Kolkata", code: "unsupported_timezone" },
  { query: "metric=m&timezone=Asia/Kolkata&window=hour", code: "unsupported_timezone" },
  { query: "metric=m&cursor=x", code: "invalid_cursor" },
  { query: "metric=m&cursor=", code: "invalid_cursor" },
])("refused: $query: $code", ({ query, code }) => {
  expect(refusal(query)[0]).toBe(code);
});
