import { expect, test } from "vitest";
import { customerIdSchema, customerSettingsSchema } from "../../../src/domain/customer.ts";
import { isStorableText, storableText } from "../../../src/domain/text.ts";

/** Metadata of so many keys. */
function keys(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key_${index}`, "v"]));
}

test.each([
  { name: "nothing", settings: {} },
  { name: "a name of 256 characters", settings: { name: "n".repeat(256) } },
  { name: "a name of 256 emoji", settings: { name: "\u{1F600}".repeat(256) } },
  { name: "an address", settings: { email: "billing@acme.example" } },
  { name: "a Stripe customer", settings: { stripeCustomerId: "cus_9s6XKzkNRiz8i3" } },
  { name: "a plan", settings: { plan: "flat99" } },
  { name: "a budget of nothing", settings: { budget: "0" } },
  { name: "a budget to the cent", settings: { budget: "500.00" } },
  { name: "an invoice to pay", settings: { collectionMethod: "send_invoice", daysUntilDue: 30 } },
  { name: "the first of the month", settings: { billingAnchorDay: 1 } },
  { name: "the last of the month", settings: { billingAnchorDay: 31 } },
  { name: "metadata", settings: { metadata: { crm: "", "key:%": "v".repeat(1000) } } },
  {
    name: "metadata of emoji",
    settings: { metadata: { ["\u{1F600}".repeat(128)]: "\u{1F600}".repeat(1000) } },
  },
  { name: "metadata of no key", settings: { metadata: {} } },
  { name: "metadata of 50 keys", settings: { metadata: keys(50) } },
])("customer: $name is taken and given back as it was put", ({ settings }) => {
  const parsed = customerSettingsSchema.parse(settings);

  expect(parsed).toEqual(settings);
  expect(customerSettingsSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(settings);
});

test("customer: a budget that is a number is given back as a string", () => {
  expect(customerSettingsSchema.parse({ budget: 500.5 })).toEqual({ budget: "500.5" });
});

test.each([
  { name: "an unknown member", settings: { nmae: "x" }, path: [] },
  { name: "an empty name", settings: { name: "" }, path: ["name"] },
  { name: "a name of 257 emoji", settings: { name: "\u{1F600}".repeat(257) }, path: ["name"] },
  { name: "a name with U+0000", settings: { name: "a\u0000" }, path: ["name"] },
  { name: "the day before the first", settings: { billingAnchorDay: 0 }, path: ["billingAnchorDay"] },
  { name: "the 32nd", settings: { billingAnchorDay: 32 }, path: ["billingAnchorDay"] },
  { name: "half a day", settings: { billingAnchorDay: 1.5 }, path: ["billingAnchorDay"] },
  { name: "no address", settings: { email: "acme" }, path: ["email"] },
  { name: "another Stripe object", settings: { stripeCustomerId: "in_1" }, path: ["stripeCustomerId"] },
  {
    name: "a Stripe id with a path",
    settings: { stripeCustomerId: "cus_1/../x" },
    path: ["stripeCustomerId"],
  },
  { name: "a plan in upper case", settings: { plan: "Flat" }, path: ["plan"] },
  { name: "a negative budget", settings: { budget: -1 }, path: ["budget"] },
  { name: "a budget with an exponent", settings: { budget: 1e21 }, path: ["budget"] },
  { name: "a budget in words", settings: { budget: "much" }, path: ["budget"] },
  { name: "an unknown collection", settings: { collectionMethod: "cash" }, path: ["collectionMethod"] },
  { name: "no days to pay", settings: { daysUntilDue: 0 }, path: ["daysUntilDue"] },
  { name: "half a day to pay", settings: { daysUntilDue: 1.5 }, path: ["daysUntilDue"] },
  { name: "over a year to pay", settings: { daysUntilDue: 366 }, path: ["daysUntilDue"] },
  { name: "metadata that is no text", settings: { metadata: { a: 1 } }, path: ["metadata", "a"] },
  { name: "metadata with U+0000", settings: { metadata: { a: "b\u0000" } }, path: ["metadata", "a"] },
  {
    name: "metadata with half a surrogate pair",
    settings: { metadata: { a: "\uDC00" } },
    path: ["metadata", "a"],
  },
  {
    name: "metadata of 1001 characters",
    settings: { metadata: { a: "v".repeat(1001) } },
    path: ["metadata", "a"],
  },
  { name: "metadata of 51 keys", settings: { metadata: keys(51) }, path: ["metadata"] },
  { name: "an empty key of metadata", settings: { metadata: { "": "v" } }, path: ["metadata", ""] },
  {
    name: "a key of metadata with U+0000",
    settings: { metadata: { "a\u0000": "v" } },
    path: ["metadata", "a\u0000"],
  },
  {
    name: "a key of metadata that is half a surrogate pair",
    settings: { metadata: { "\uD800": "v" } },
    path: ["metadata", "\uD800"],
  },
  {
    name: "a key of metadata of 129 characters",
    settings: { metadata: { ["k".repeat(129)]: "v" } },
    path: ["metadata", "k".repeat(129)],
  },
])("customer: $name is refused", ({ settings, path }) => {
  const parsed = customerSettingsSchema.safeParse(settings);

  expect(parsed.error?.issues.map((issue) => issue.path)).toEqual([path]);
});

test("customer: every fault is told at once", () => {
  const parsed = customerSettingsSchema.safeParse({ name: "", budget: "-1", daysUntilDue: 0, colour: "red" });

  expect(parsed.error?.issues.map((issue) => issue.path)).toEqual([
    ["name"],
    ["budget"],
    ["daysUntilDue"],
    [],
  ]);
});

test.each([
  { name: "a pair of surrogates", text: "\u{1F600}", isStorable: true },
  { name: "the first half of a pair", text: "\uD83D", isStorable: false },
  { name: "the second half of a pair", text: "a\uDE00", isStorable: false },
  { name: "a pair the wrong way round", text: "\uDE00\uD83D", isStorable: false },
  { name: "U+0000", text: "a\u0000b", isStorable: false },
  { name: "U+0001", text: "\u0001", isStorable: true },
  { name: "U+FFFE", text: "\uFFFE", isStorable: true },
])("text: $name can be stored: $isStorable", ({ text, isStorable }) => {
  expect(isStorableText(text)).toBe(isStorable);
});

test.each([
  { name: "nothing", text: "", isTaken: false },
  { name: "three characters of three", text: "abc", isTaken: true },
  { name: "four characters of three", text: "abcd", isTaken: false },
  { name: "three emoji of three", text: "\u{1F600}".repeat(3), isTaken: true },
  { name: "three emoji and a letter of three", text: `${"\u{1F600}".repeat(3)}a`, isTaken: false },
  { name: "an emoji and two letters of three", text: "\u{1F600}ab", isTaken: true },
  { name: "four emoji of three", text: "\u{1F600}".repeat(4), isTaken: false },
])("text: $name is taken: $isTaken", ({ text, isTaken }) => {
  expect(storableText(3).safeParse(text).success).toBe(isTaken);
});

test.each([
  { name: "a dot", id: ".", isTaken: false },
  { name: "two dots", id: "..", isTaken: false },
  { name: "three dots", id: "...", isTaken: true },
  { name: "a dot and a letter", id: ".a", isTaken: true },
  { name: "a slash", id: "/", isTaken: true },
  { name: "nothing", id: "", isTaken: false },
  { name: "U+0000", id: "a\u0000", isTaken: false },
  { name: "128 characters", id: "c".repeat(128), isTaken: true },
  { name: "129 characters", id: "c".repeat(129), isTaken: false },
])("customer id: $name is taken: $isTaken", ({ id, isTaken }) => {
  expect(customerIdSchema.safeParse(id).success).toBe(isTaken);
});
