import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csvDocument } from "../../../src/http/csv.ts";

test.each([
  { name: "plain", cell: "eu", expected: "eu" },
  { name: "empty", cell: "", expected: "" },
  { name: "comma", cell: "a,b", expected: '"a,b"' },
  { name: "quote", cell: 'a"b', expected: '"a""b"' },
  { name: "line feed", cell: "a\nb", expected: '"a\nb"' },
  { name: "carriage return", cell: "a\rb", expected: '"a\rb"' },
  { name: "formula", cell: "=1+1", expected: "'=1+1" },
  { name: "plus", cell: "+1", expected: "'+1" },
  { name: "minus", cell: "-1", expected: "'-1" },
  { name: "at", cell: "@SUM(A1)", expected: "'@SUM(A1)" },
  { name: "tab", cell: "\t=1", expected: "'\t=1" },
  { name: "leading carriage return", cell: "\r=1", expected: '"\'\r=1"' },
  { name: "formula with a quote", cell: '=HYPERLINK("x")', expected: '"\'=HYPERLINK(""x"")"' },
  { name: "a sign within", cell: "a=b", expected: "a=b" },
  { name: "a negative number of ours", cell: { printed: "-5" }, expected: "-5" },
])("csv: $name", ({ cell, expected }) => {
  expect(csvDocument([[cell, "x"]])).toBe(`${expected},x\r\n`);
});

/** Reads RFC 4180 character by character. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[""]];
  let isQuoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const row = rows.at(-1)!;
    if (isQuoted && text[index] === '"' && text[index + 1] === '"') {
      row.push(`${row.pop()}"`);
      index += 1;
    } else if (text[index] === '"') {
      isQuoted = !isQuoted;
    } else if (!isQuoted && text[index] === ",") {
      row.push("");
    } else if (!isQuoted && text.startsWith("\r\n", index)) {
      rows.push([""]);
      index += 1;
    } else {
      row.push(`${row.pop()}${text[index]}`);
    }
  }
  return rows.slice(0, -1);
}

test("csv: any text comes back as it was, but for the apostrophe before a formula", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", "=", "-", "'", "\t", "é") });
  const tables = fc.array(fc.array(texts, { minLength: 1 }), { minLength: 1 });
  fc.assert(
    fc.property(tables, (rows) => {
      const read = parseCsv(csvDocument(rows));
      const expected = rows.map((row) => row.map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)));
      expect(read).toEqual(expected);
    }),
  );
});
