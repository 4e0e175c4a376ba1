import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LogEntry } from "../../../local/demo/access-log.ts";
import { customerOf } from "../../../local/demo/customer-name.ts";
import { firstSegment, replayedRequest } from "../../../local/demo/request-line.ts";

test.each([
  ["GET / HTTP/1.1", "GET", "/"],
  ["HEAD /a?b=c HTTP/1.0", "HEAD", "/a?b=c"],
  ["GET /a", "GET", "/a"],
  ["GET /a b/c HTTP/1.1", "GET", "/a%20b/c"],
  ['GET /"a"#b|c\\d HTTP/1.1', "GET", "/%22a%22%23b%7Cc%5Cd"],
  ["GET /ü/%zz HTTP/1.1", "GET", "/%C3%BC/%zz"],
  ["GET /a\r\nx: y HTTP/1.1", "GET", "/a%0D%0Ax:%20y"],
  ["OPTIONS * HTTP/1.1", "OPTIONS", "/"],
  ["GET http://a.example/b?c HTTP/1.1", "GET", "/b?c"],
  ["CONNECT a.example:443 HTTP/1.1", "GET", "/"],
  ["TRACE /a HTTP/1.1", "GET", "/a"],
  ["PROPFIND /a HTTP/1.1", "GET", "/a"],
  ["get /a HTTP/1.1", "GET", "/a"],
  ["\u0016\u0003\u0001", "GET", "/"],
  ["-", "GET", "/"],
  ["", "GET", "/"],
])("request line: %j is sent as %s %s", (line, method, path) => {
  expect(replayedRequest(line)).toEqual({ method, path });
});

test("request line: a path that is too long is cut between characters", () => {
  const { path } = replayedRequest(`GET /${"ü".repeat(1000)} HTTP/1.1`);
  expect(path).toBe(`/${"%C3%BC".repeat(341)}`);
});

test("request line: whatever was logged, what is sent is fit for a request line", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.webUrl()),
      fc.string({ unit: "binary" }),
      (a, b) => {
        const { method, path } = replayedRequest(`${a} ${b}`);
        expect(method).toMatch(/^[A-Z]+$/);
        expect(path).toMatch(/^\/[\u0021-\u007e]*$/);
      },
    ),
  );
});

test.each([
  ["GET / HTTP/1.1", "/"],
  ["GET /?a HTTP/1.1", "/"],
  ["GET /a HTTP/1.1", "a"],
  ["GET /a/b?c HTTP/1.1", "a"],
  ["GET //a/b HTTP/1.1", "a"],
  ["GET /../a HTTP/1.1", "a"],
  ["GET /%7Ea/b HTTP/1.1", "~a"],
  ["GET /a%2Fb/c HTTP/1.1", "a/b"],
  ["GET /%zz/c HTTP/1.1", "%zz"],
  ["-", "/"],
])("first segment: of %j is %s", (line, segment) => {
  expect(firstSegment(line)).toBe(segment);
});

function entry(changes: Partial<LogEntry>): LogEntry {
  return {
    host: "a",
    user: null,
    timeMs: 0,
    request: "GET / HTTP/1.1",
    status: 200,
    bytes: null,
    ...changes,
  };
}

test("customer: comes from the address, the user or the path", () => {
  const logged = entry({ host: "::1", user: "alice", request: "GET /docs/a HTTP/1.1" });
  expect(customerOf(logged, "ip")).toEqual({ customerId: "::1" });
  expect(customerOf(logged, "user")).toEqual({ customerId: "alice" });
  expect(customerOf(logged, "path-prefix")).toEqual({ customerId: "docs" });
});

test("customer: an absent user is anonymous", () => {
  expect(customerOf(entry({}), "user")).toEqual({ customerId: "anonymous" });
});

test.each([
  ["of 128 characters", "u".repeat(128), { customerId: "u".repeat(128) }],
  ["of 129 characters", "u".repeat(129), { reason: "customer name longer than 128 characters" }],
  ["with U+0000", "a\u0000b", { reason: "customer name with U+0000" }],
  [".", ".", { reason: "customer name that no URL can hold (. or ..)" }],
  ["..", "..", { reason: "customer name that no URL can hold (. or ..)" }],
  ["...", "...", { customerId: "..." }],
])("customer: a name %s", (_, user, expected) => {
  expect(customerOf(entry({ user }), "user")).toEqual(expected);
});
