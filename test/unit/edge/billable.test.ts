import { expect, test } from "vitest";
import { isBillable, isMeteredMethod } from "../../../src/edge/billable.ts";
import { responseOf } from "../../support/edge-response.ts";

test.each([
  [100, true],
  [101, true],
  [199, true],
  [200, true],
  [201, true],
  [204, true],
  [206, true],
  [301, true],
  [302, true],
  [304, true],
  [399, true],
  [400, false],
  [401, false],
  [402, false],
  [404, false],
  [429, false],
  [499, false],
  [500, false],
  [503, false],
  [599, false],
  [99, false],
])("billable: the status %i is: %s", (status, expected) => {
  expect(isBillable(responseOf(status))).toBe(expected);
});

test("billable: Response.error() is not", () => {
  expect(isBillable(Response.error())).toBe(false);
});

test.each([
  ["GET", true],
  ["HEAD", true],
  ["POST", true],
  ["PUT", true],
  ["PATCH", true],
  ["DELETE", true],
  ["QUERY", true],
  ["OPTIONS", false],
])("billable: the method %s is metered: %s", (method, expected) => {
  expect(isMeteredMethod(method)).toBe(expected);
});
