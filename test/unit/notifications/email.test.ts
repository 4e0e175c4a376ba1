import { assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { CUSTOMER_TYPES } from "../../../src/domain/notification-type.ts";
import { emailContent, type EmailFacts } from "../../../src/notifications/email-content.ts";
import { emailHtml, emailText } from "../../../src/notifications/email-message.ts";

const PERIOD = { start: "2026-11-01T00:00:00.000Z", end: "2026-12-01T00:00:00.000Z" };

function content(changes: Partial<EmailFacts> = {}) {
  return emailContent({
    type: "usage.threshold_reached",
    customerId: "cus_acme",
    name: "Acme",
    data: {
      customerId: "cus_acme",
      metric: "api_calls",
      displayName: "API Calls",
      unit: "calls",
      current: "8200",
      threshold: "80",
      thresholdUnit: "percent",
      included: "10000",
      period: PERIOD,
    },
    publicUrl: "https://app.example.com/usage?customer={customerId}",
    ...changes,
  });
}

test("an e-mail: says in plain text what is used of what, and where to look", () => {
  expect(emailText(content())).toBe(`Hello Acme,

API Calls: 82 % of what is included is used

[################----] 82 %

Used so far     8200 calls
Included        10000 calls
Threshold       80 %
Billing period  2026-11-01 to 2026-12-01 (UTC)

See your usage: https://app.example.com/usage?customer=cus_acme
`);
});

test("an e-mail: says the same in HTML, with a bar", () => {
  const html = emailHtml(content());
  expect(html).toContain("<h1 ");
  expect(html).toContain(">API Calls: 82 % of what is included is used</h1>");
  expect(html).toContain("width:82%;height:12px;background:#1a56b0");
  expect(html).toContain("width:18%;height:12px;background:#ddd");
  expect(html).toContain('<a href="https://app.example.com/usage?customer=cus_acme">');
  for (const said of ["8200 calls", "10000 calls", "80 %", "2026-11-01 to 2026-12-01 (UTC)"]) {
    expect(html).toContain(`>${said}</td>`);
  }
});

test.each([
  ["nothing", "0", "10000", 0n, "[--------------------] 0 %"],
  ["half a percent", "50", "10000", 1n, "[--------------------] 1 %"],
  ["just under half a percent", "49.999999999999", "10000", 0n, "[--------------------] 0 %"],
  ["all but one", "9999", "10000", 100n, "[####################] 100 %"],
  ["all", "10000", "10000", 100n, "[####################] 100 %"],
  ["more than all", "25000", "10000", 250n, "[####################] 250 %"],
  [
    "more than a double holds",
    "9007199254740993000",
    "9007199254740993000",
    100n,
    "[####################] 100 %",
  ],
  ["a fraction of a fraction", "0.003", "0.004", 75n, "[###############-----] 75 %"],
])("the bar: %s", (_name, current, included, percent, bar) => {
  const said = content({ data: { current, included } });
  expect(said.percentUsed).toBe(percent);
  expect(emailText(said)).toContain(bar);
});

test.each([
  ["nothing is included", { current: "5", included: "0" }],
  ["nobody says what is included", { current: "5" }],
  ["nobody says what is used", { included: "5" }],
  ["what is used is no number", { current: "many", included: "5" }],
  ["what is used is negative", { current: "-5", included: "5" }],
])("no bar where %s", (_name, data) => {
  const said = content({ data });
  expect(said.percentUsed).toBeUndefined();
  expect(emailText(said)).not.toContain("[");
  expect(emailHtml(said)).not.toContain("height:12px");
});

const MONEY = { currency: "usd", current: "450.00", period: PERIOD };

test.each([
  [
    "spend.threshold_reached",
    { ...MONEY, threshold: "400.00" },
    "450.00 USD spent in this billing period",
    [
      ["Spent so far", "450.00 USD"],
      ["Threshold", "400.00 USD"],
    ],
  ],
  [
    "budget.threshold_reached",
    { ...MONEY, threshold: "90", budget: "500.00" },
    "90 % of your budget is used",
    [
      ["Spent so far", "450.00 USD"],
      ["Budget", "500.00 USD"],
      ["Threshold", "90 %"],
    ],
  ],
  [
    "budget.forecast_exceeded",
    { ...MONEY, projected: "612.50", budget: "500.00" },
    "Your usage will pass your budget before the billing period ends",
    [
      ["Spent so far", "450.00 USD"],
      ["Budget", "500.00 USD"],
      ["Projected", "612.50 USD"],
    ],
  ],
  [
    "limit.reached",
    { metric: "seats", unit: "seats", current: "50", limit: "50", period: PERIOD },
    "seats: the limit is reached",
    [
      ["Used so far", "50 seats"],
      ["Limit", "50 seats"],
    ],
  ],
  [
    "usage.threshold_reached",
    { metric: "seats", current: 7, threshold: "5", period: PERIOD },
    "seats: 7 used",
    [
      ["Used so far", "7"],
      ["Threshold", "5"],
    ],
  ],
] as const)("%s: its own words and numbers", (type, data, subject, rows) => {
  const said = content({ type, data });
  expect(said.subject).toBe(subject);
  expect(said.rows).toEqual([...rows, ["Billing period", "2026-11-01 to 2026-12-01 (UTC)"]]);
});

test("an e-mail without a public address: has no link; without a name it greets by id", () => {
  const said = content({ publicUrl: undefined, name: null });
  expect(emailText(said)).toMatch(/^Hello cus_acme,\n/);
  expect(emailText(said) + emailHtml(said)).not.toMatch(/https?:|href/);
});

describe("what customers choose themselves", () => {
  const anything = oneof(
    string({ unit: "binary", maxLength: 40 }),
    constantFrom(
      "<img src=x onerror=alert(1)>",
      '"><script>',
      "'&amp;",
      "a\r\nBcc: all@example.com",
      "\u2028\u0000",
    ),
  );

  test("is escaped in HTML, and puts no line into a header", () => {
    assert(
      property(anything, anything, anything, constantFrom(...CUSTOMER_TYPES), (name, metric, value, type) => {
        const data = {
          metric,
          displayName: metric,
          unit: value,
          current: value,
          threshold: value,
          period: { start: name.padEnd(10), end: value.padEnd(10) },
        };
        const said = content({ type, name, customerId: name, data });
        expect(said.subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(said.greeting).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const html = emailHtml(said);
        const tags = new Set(Array.from(html.matchAll(/<\/?([a-z0-9]*)/gi), ([, tag]) => tag));
        const ours = new Set([
          "",
          "html",
          "head",
          "meta",
          "title",
          "body",
          "p",
          "h1",
          "table",
          "tr",
          "td",
          "a",
        ]);
        expect([...tags].filter((tag) => !ours.has(tag ?? ""))).toEqual([]);
        expect(html.match(/</g)?.length).toBe(
          emailHtml({
            ...said,
            subject: "",
            greeting: "",
            rows: said.rows.map(() => ["", ""] as const),
          }).match(/</g)?.length,
        );
        expect(html).not.toMatch(/href="(?!https:\/\/app\.example\.com\/usage\?customer=[^"<>]*">)/);
      }),
    );
  });

  test("is cut when it is long", () => {
    expect(content({ data: { metric: "m".repeat(5000), current: "1" } }).subject.length).toBe(200);
  });
});
