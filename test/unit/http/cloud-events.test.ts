import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/http/body.ts";
import { fromBinaryMode, isBinaryMode } from "../../../src/http/cloud-events.ts";
import { ApiProblem } from "../../../src/http/problem.ts";
import { parseCloudEvent } from "../../../src/ingest/check-cloud-event.ts";

const VECTORS = new URL("../../../../shared/vectors/cloudevents_vectors.json", import.meta.url);

/** Attributes that the specification names; extensions are checked and then left out, nothing is billed by them. */
const NAMED = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "subject",
  "time",
  "datacontenttype",
  "dataschema",
]);

type Attributes = Record<string, unknown>;

interface Vector {
  name: string;
  mode: "binary" | "structured" | "batch";
  headers: Record<string, string>;
  body: string;
  valid: boolean;
  event: Attributes | Attributes[] | null;
}

const hasVectors = existsSync(VECTORS);
const vectors = hasVectors ? (JSON.parse(readFileSync(VECTORS, "utf8")) as { cases: Vector[] }).cases : [];

/** What we read of a message: its events, or `refused`. */
function read({ mode, headers, body }: Pick<Vector, "mode" | "headers" | "body">): unknown[] | "refused" {
  try {
    const inputs = inputsOf(mode, new Headers(headers), new TextEncoder().encode(body));
    const events = inputs?.map((input) => parseCloudEvent(input)) ?? [{ code: "no batch" }];
    return events.some((event) => "code" in event) ? "refused" : events.map((event) => comparable(event));
  } catch (error) {
    expect(error).toBeInstanceOf(ApiProblem);
    return "refused";
  }
}

function inputsOf(mode: Vector["mode"], headers: Headers, body: Uint8Array): unknown[] | undefined {
  if (mode === "binary") {
    expect(isBinaryMode(headers)).toBe(true);
    return [fromBinaryMode(headers, body)];
  }
  const parsed = parseJson(body);
  if (mode === "structured") {
    return [parsed];
  }
  return Array.isArray(parsed) ? (parsed as unknown[]) : undefined;
}

/** Named attributes that are set, and the data: as JSON, or as text when it came as something else. */
function comparable(event: object): Attributes {
  const { data, data_base64: base64, data_text: text, ...rest } = event as Attributes;
  const named = Object.entries(rest).filter(([name, value]) => NAMED.has(name) && value !== null);
  const told = Object.fromEntries(named.filter(([, value]) => value !== undefined));
  if (typeof base64 === "string") {
    return { ...told, data: text ?? Buffer.from(base64, "base64").toString() };
  }
  return data === undefined ? told : { ...told, data };
}

describe("published examples", () => {
  test.skipIf(!hasVectors)("vectors: all of the file are told", () => {
    expect(vectors).toHaveLength(34);
  });

  for (const vector of vectors) {
    test(`vectors: ${vector.name}`, () => {
      const events = read(vector);
      expect(events !== "refused").toBe(vector.valid);
      if (vector.event !== null) {
        expect(events).toEqual([vector.event].flat().map((event) => comparable(event)));
      }
    });
  }
});

const REQUIRED = { specversion: "1.0", id: "1", source: "/gateway", type: "api_calls" };
const HEADERS = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/gateway", "ce-type": "api_calls" };

function binary(headers: Record<string, string>, body = ""): unknown[] | "refused" {
  return read({ mode: "binary", headers: { ...HEADERS, ...headers }, body });
}

function structured(attributes: Attributes): unknown[] | "refused" {
  return read({ mode: "structured", headers: {}, body: JSON.stringify({ ...REQUIRED, ...attributes }) });
}

describe("binary mode", () => {
  test.each(Object.keys(HEADERS))("%s alone: tells a CloudEvent", (name) => {
    expect(isBinaryMode(new Headers({ [name]: "" }))).toBe(true);
  });

  test("other headers with the prefix: tell none", () => {
    expect(isBinaryMode(new Headers({ "ce-subject": "a", "content-type": "application/json" }))).toBe(false);
  });

  test.each([
    ["plain", "cus_acme", "cus_acme"],
    ["percent-encoded UTF-8", "%E2%82%AC%20%F0%9F%98%80", "€ \u{1F600}"],
    ["lower case digits", "%e2%82%ac", "€"],
    ["quoted", '"a b"', "a b"],
    ["quoted with escapes", String.raw`"a \"b\" \\c"`, String.raw`a "b" \c`],
    ["quoted and encoded", '"a%22b"', 'a"b'],
    ["a lone percent sign", "100%", "100%"],
    ["a percent sign before other letters", "5%zz%41", "5%zzA"],
    ["an encoded percent sign", "%2541", "%41"],
    ["one quote", '"a', '"a'],
  ])("header %s: is read as it was meant", (_name, header, subject) => {
    expect(binary({ "ce-subject": header })).toEqual([{ ...REQUIRED, subject }]);
  });

  test.each([
    ["overlong", "%C0%A0"],
    ["a lone surrogate", "%ED%A0%80"],
    ["cut short", "%E2%82"],
    ["U+0000", "a%00b"],
    ["empty", ""],
    ["too long", "x".repeat(129)],
  ])("header %s: is refused", (_name, header) => {
    expect(binary({ "ce-subject": header })).toBe("refused");
  });

  test.each<[string, string | undefined, string, Attributes]>([
    ["JSON", "application/json", '{"value":2}', { data: { value: 2 } }],
    ["JSON with a parameter", "Application/JSON; charset=utf-8", "[1]", { data: [1] }],
    ["a type that is JSON", "application/vnd.acme+json", "null", { data: null }],
    ["no type at all", undefined, '{"value":2}', { data: { value: 2 } }],
    ["text", "text/plain", "hällo", { data: "hällo" }],
    ["no body", "application/json", "", {}],
  ])("data of %s: is the body", (_name, type, body, expected) => {
    const told = type === undefined ? {} : { "content-type": type };
    const datacontenttype = type === undefined ? {} : { datacontenttype: type };
    expect(binary(told, body)).toEqual([{ ...REQUIRED, ...datacontenttype, ...expected }]);
  });

  test("broken JSON and broken UTF-8: are refused", () => {
    expect(binary({ "content-type": "application/json" }, "{")).toBe("refused");
    const headers = new Headers({ ...HEADERS, "content-type": "application/json" });
    expect(() => fromBinaryMode(headers, Uint8Array.of(0x22, 0xff, 0x22))).toThrow(ApiProblem);
  });

  test.each(Object.keys(HEADERS))("without %s, or with it empty: is refused", (name) => {
    const { [name]: _, ...rest } = HEADERS as Record<string, string>;
    expect(read({ mode: "binary", headers: rest, body: "" })).toBe("refused");
    expect(binary({ [name]: "" })).toBe("refused");
  });
});

describe("attributes", () => {
  const accepted: [string, Attributes, Attributes][] = [
    ["null is not set", { subject: null, time: null, dataschema: null, ext: null }, {}],
    ["a time with an offset", { time: "2026-11-23T12:00:00.123456+05:30" }, {}],
    ["a source of 2,048 characters", { source: "x".repeat(2048) }, {}],
    ["an id of 128 characters beyond the first plane", { id: "\u{1F600}".repeat(128) }, {}],
    ["extensions of each type", { a: "text", b1: 5, c: true, d: -0, e: false }, {}],
    ["data of any JSON type", { data: 1.5 }, {}],
    ["data in base64", { data_base64: "eyAieHl6IjogMTIzIH0=" }, { data: '{ "xyz": 123 }' }],
  ];
  test.each(accepted)("%s: is taken", (_name, attributes, told) => {
    expect(structured(attributes)).toEqual([{ ...comparable({ ...REQUIRED, ...attributes }), ...told }]);
  });

  test.each<[string, Attributes]>([
    ["another version", { specversion: "0.3" }],
    ["a version as a number", { specversion: 1 }],
    ["a missing id", { id: undefined }],
    ["a null source", { source: null }],
    ["a number as id", { id: 1 }],
    ["an empty type", { type: "" }],
    ["an empty subject", { subject: "" }],
    ["a source of 2,049 characters", { source: "x".repeat(2049) }],
    ["an id of 129 characters", { id: "x".repeat(129) }],
    ["U+0000 in an extension", { ext: "a\u0000" }],
    ["a lone surrogate in an extension", { ext: "\uD800" }],
    ["a time without an offset", { time: "2026-11-23T12:00:00" }],
    ["a day that is none", { time: "2026-02-29T12:00:00Z" }],
    ["an upper case name", { Ext: "a" }],
    ["a name with a hyphen", { "my-ext": "a" }],
    ["a name with an underscore", { my_ext: "a" }],
    ["an empty name", { "": "a" }],
    ["an object as extension", { ext: { a: 1 } }],
    ["an array as extension", { ext: [1] }],
    ["a fraction as extension", { ext: 1.5 }],
    ["data_base64 that is none", { data_base64: "???" }],
  ])("%s: is refused", (_name, attributes) => {
    expect(structured(attributes)).toBe("refused");
  });

  test.each([null, [], "event", 1])("%j in place of an event: is refused", (input) => {
    expect(read({ mode: "structured", headers: {}, body: JSON.stringify(input) })).toBe("refused");
  });

  test("batches: none, one and many; what is no array is refused", () => {
    const batch = (body: unknown) => read({ mode: "batch", headers: {}, body: JSON.stringify(body) });
    const second = { ...REQUIRED, id: "2", data: { value: 2 } };
    expect(batch([])).toEqual([]);
    expect(batch([REQUIRED, second])).toEqual([REQUIRED, second]);
    expect(batch(REQUIRED)).toBe("refused");
  });
});
