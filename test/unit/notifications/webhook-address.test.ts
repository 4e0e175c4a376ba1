import { assert, constantFrom, nat, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { addressFault } from "../../../src/notifications/webhook-address.ts";

const PUBLIC = { allowPrivate: false };
const PRIVATE = { allowPrivate: true };

test.each([
  "https://example.com/",
  "https://example.com:8443/hooks?token=a%20b#part",
  "HTTPS://EXAMPLE.COM/Hooks",
  "https://münchen.example/hooks",
  "https://8.8.8.8/",
  "https://8.8.8.8:443/x",
  "https://9.255.255.255/",
  "https://11.0.0.0/",
  "https://100.63.255.255/",
  "https://100.128.0.0/",
  "https://172.15.255.255/",
  "https://172.32.0.0/",
  "https://192.167.255.255/",
  "https://192.169.0.0/",
  "https://169.253.255.255/",
  "https://223.255.255.255/",
  "https://[2001:4860:4860::8888]/",
  "https://[2606:4700::1111]:8443/",
  "https://[2a00::1]/",
  "https://localhost.example.com/",
  "https://internal.example.com/",
  "https://my-local.net/",
])("%s: may be called", (url) => {
  expect(addressFault(url, PUBLIC)).toBeUndefined();
});

const REFUSED: [string, string[]][] = [
  [
    "loopback",
    ["https://127.0.0.1/", "https://127.255.255.255/", "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/"],
  ],
  ["unspecified", ["https://0.0.0.0/", "https://0.1.2.3/", "https://[::]/"]],
  [
    "private",
    [
      "https://10.0.0.0/",
      "https://10.255.255.255/",
      "https://172.16.0.0/",
      "https://172.31.255.255/",
      "https://192.168.0.0/",
      "https://192.168.255.255/",
    ],
  ],
  ["link-local", ["https://169.254.169.254/latest/meta-data", "https://169.254.0.0/", "https://[fe80::1]/"]],
  ["CGNAT", ["https://100.64.0.0/", "https://100.127.255.255/"]],
  ["unique-local", ["https://[fc00::1]/", "https://[fdff:ffff::1]/", "https://[fec0::1]/"]],
  [
    "IPv4 in IPv6",
    [
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:7f00:1]/",
      "https://[::ffff:8.8.8.8]/",
      "https://[::127.0.0.1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://[64:ff9b:1::1]/",
      "https://[2002:7f00:1::]/",
      "https://[2001:0:7f00:1::]/",
    ],
  ],
  [
    "documentation, benchmarking, multicast, reserved",
    [
      "https://192.0.2.1/",
      "https://198.51.100.1/",
      "https://203.0.113.1/",
      "https://192.0.0.8/",
      "https://192.88.99.1/",
      "https://198.18.0.1/",
      "https://198.19.255.255/",
      "https://224.0.0.1/",
      "https://240.0.0.1/",
      "https://255.255.255.255/",
      "https://[2001:db8::1]/",
      "https://[2001:1ff::1]/",
      "https://[3fff::1]/",
      "https://[4000::1]/",
      "https://[ff02::1]/",
      "https://[100::1]/",
    ],
  ],
  [
    "an IPv4 address in disguise",
    [
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0x7f.1/",
      "https://017700000001/",
      "https://0177.0.0.1/",
      "https://127.1/",
      "https://127.0.1/",
      "https://127.0.0.1./",
      "https://134744072/",
      "https://8.8.2056/",
      "https://8.8.8.8./",
      "https://010.8.8.8/",
      "https://１２７.0.0.1/",
      "https://8。8。8。8/",
      "https://%38.8.8.8/",
      "https:\\\\2130706433/",
    ],
  ],
  [
    "a name of inside",
    [
      "https://localhost/",
      "https://LOCALHOST:8443/",
      "https://localhost./",
      "https://a.localhost/",
      "https://printer.local/",
      "https://printer.local./",
      "https://metadata.google.internal/",
      "https://router.home.arpa/",
      "https://db.lan/",
      "https://intranet/",
      "https://host.localdomain/",
      "https://ｌocalhost/",
    ],
  ],
  [
    "another scheme",
    [
      "http://example.com/",
      "ftp://example.com/",
      "javascript:alert(1)",
      "wss://example.com/",
      "file:///etc/passwd",
    ],
  ],
  [
    "credentials",
    [
      "https://user@example.com/",
      "https://user:word@example.com/",
      "https://:word@example.com/",
      "https://example.com@127.0.0.1/",
    ],
  ],
  [
    "no URL",
    [
      "",
      "example.com",
      "/hooks",
      "https://",
      "https://exa mple.com/",
      "https://256.0.0.1/",
      "https://[::1%25eth0]/",
      "https://a..b:99999/",
    ],
  ],
];

describe.each(REFUSED)("%s", (_name, urls) => {
  test.each(urls)("%s: is refused", (url) => {
    expect(addressFault(url, PUBLIC)).toMatch(/^must /);
  });
});

test.each([
  ["https://127.0.0.1/", "must not be a private, loopback, link-local or otherwise reserved address"],
  ["https://2130706433/", "must give an IPv4 address as four decimal numbers"],
  ["https://localhost/", "must be a name on the public internet"],
  ["http://example.com/", "must begin with https://"],
  ["https://user@example.com/", "must not contain a user name or password"],
  ["example.com", "must be an absolute URL"],
])("%s: %s", (url, fault) => {
  expect(addressFault(url, PUBLIC)).toBe(fault);
});

test.each([2047, 2048, 2049])("an address of %i characters", (length) => {
  const url = "https://example.com/".padEnd(length, "a");
  expect(addressFault(url, PUBLIC)).toBe(length > 2048 ? "must have at most 2048 characters" : undefined);
});

test.each([
  "http://127.0.0.1:8080/",
  "http://localhost/hooks",
  "https://10.0.0.1/",
  "http://[::1]:9/",
  "http://receiver/",
])("%s: may be called where private addresses are allowed", (url) => {
  expect(addressFault(url, PRIVATE)).toBeUndefined();
});

test.each([
  ["ftp://example.com/", "must begin with https:// or http://"],
  ["http://user:word@127.0.0.1/", "must not contain a user name or password"],
  ["nothing", "must be an absolute URL"],
])("%s: is refused also where private addresses are allowed", (url, fault) => {
  expect(addressFault(url, PRIVATE)).toBe(fault);
});

test("every address of a private network: is refused, in whatever form it is written", () => {
  const octets = tuple(nat(255), nat(255), nat(255));
  const first = constantFrom([10], [127], [192, 168], [169, 254], [100, 64], [172, 16], [0], [224]);
  const forms = [
    (parts: number[]) => parts.join("."),
    (parts: number[]) => String(parts.reduce((bits, part) => bits * 256 + part, 0)),
    (parts: number[]) => `0x${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`,
    (parts: number[]) => parts.map((part) => `0${part.toString(8)}`).join("."),
    (parts: number[]) => `[::ffff:${parts.join(".")}]`,
  ];
  assert(
    property(first, octets, constantFrom(...forms), (head, tail, form) => {
      const parts = [...head, ...tail].slice(0, 4);
      expect(addressFault(`https://${form(parts)}/`, PUBLIC)).toMatch(/^must /);
    }),
  );
});
