import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readGroupCursor, writeGroupCursor } from "../../../src/http/group-cursor.ts";
import { ApiProblem } from "../../../src/http/problem.ts";

const POSITION = { fromMs: 1_793_491_200_000, toMs: 1_796_083_200_000, key: ["cus_1", "", "=eu"] };
const CURSOR = writeGroupCursor("query", POSITION);

function refusal(query: string, parts: number, cursor: string): string {
  try {
    readGroupCursor(query, parts, cursor);
    return "taken";
  } catch (error) {
    return error instanceof ApiProblem ? error.code : String(error);
  }
}

test("cursor: any position is read as it was written", () => {
  const parts = fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !text.includes("\u0000"));
  fc.assert(
    fc.property(fc.string(), fc.array(parts, { minLength: 1 }), (query, key) => {
      const position = { ...POSITION, key };
      expect(readGroupCursor(query, key.length, writeGroupCursor(query, position))).toMatchObject(position);
    }),
  );
});

const forged = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const [digest] = JSON.parse(Buffer.from(CURSOR, "base64url").toString()) as [string];

test.each([
  { name: "of this query", cursor: CURSOR, expected: "taken" },
  { name: "of another query", cursor: writeGroupCursor("other", POSITION) },
  { name: "with fewer parts", cursor: writeGroupCursor("query", { ...POSITION, key: ["cus_1"] }) },
  { name: "without a key", cursor: forged([digest, 0, 1, []]) },
  { name: "empty", cursor: "" },
  { name: "no base64", cursor: "ä!" },
  { name: "cut off", cursor: CURSOR.slice(0, -4) },
  { name: "of another list", cursor: forged([1, "id"]) },
  { name: "null", cursor: forged(null) },
  { name: "U+0000 in its key", cursor: forged([digest, 0, 1, ["a\u0000", "", ""]]) },
  { name: "a time beyond all", cursor: forged([digest, 0, 8.64e15, ["a", "", ""]]) },
  { name: "a fraction of a millisecond", cursor: forged([digest, 0.5, 1, ["a", "", ""]]) },
])("cursor: $name", ({ cursor, expected = "invalid_cursor" }) => {
  expect(refusal("query", 3, cursor)).toBe(expected);
});
