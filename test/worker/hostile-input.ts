/** Ids that would do harm wherever they are put together with other text; percent-encoded as in an address. */
export const HOSTILE_IDS: readonly string[] = [
  "'; drop table customers; --",
  "' or '1'='1",
  '" or ""="',
  "1) union select sha256 from api_keys --",
  "*",
  "b:*",
  "k:victim",
  "catalog",
  "x\r\nFLUSHALL\r\n",
  "{victim}:1",
  "__proto__",
  "constructor",
  "toString",
  "../../v1/customers",
  "..",
  ".",
  "%",
  "%2e%2e",
  "$1",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "-1",
  "0",
  "1e309",
  "9".repeat(400),
  "a".repeat(5000),
  "\u0000",
  "a\u0000b",
  "\u202e",
  "👩‍👩‍👧‍👦",
]
  .map((id) => encodeURIComponent(id))
  // No UTF-8: half a surrogate pair, a byte that begins nothing, an overlong slash, a cut character, a bare sign.
  .concat(["%ED%A0%80", "%FF", "%C0%AF", "%E2%82", "%", "%zz"]);

/** What stands behind an address. */
export const HOSTILE_QUERIES: readonly string[] = [
  "limit=1&limit=2",
  "cursor=a&cursor=b",
  "customerId=security-victim&customerId=security-own",
  "customerId[]=security-victim",
  "customerId[__proto__]=security-victim",
  "__proto__[admin]=1&constructor=1&toString=1",
  "unknown=1",
  "limit=9007199254740993",
  "limit=1e3",
  "limit=-1",
  "limit=NaN",
  "cursor=__proto__",
  "cursor=%00",
  `cursor=${"A".repeat(5000)}`,
  "cursor=W251bGwsbnVsbF0",
  "from=9".padEnd(400, "9"),
  "from=275760-09-14T00:00:00Z",
  "period=9999-99",
  "metric=api_calls&from=0&to=99999999999999999999&window=hour",
  "metric=__proto__&groupBy=__proto__",
  "metric=api_calls&filter[region]=%27%3B--&filter[region]=x",
  "metric=api_calls&groupBy=customer,customer",
  "metric=api_calls&timezone=../../etc/passwd",
  "status=%27&period=%00&job=%27",
  "quantity=1e999&metric=api_calls",
  "ref=%00",
  "=&&=&",
  "%=%zz",
];

const DEEP = 100_000;

/** Bodies that are JSON by name, and maybe by syntax. */
export const HOSTILE_BODIES: readonly {
  name: string;
  body: string | Uint8Array<ArrayBuffer>;
  type?: string;
}[] = [
  { name: "nothing", body: "" },
  { name: "no JSON", body: "{" },
  { name: "null", body: "null" },
  { name: "a number", body: "1" },
  { name: "a text", body: '"text"' },
  { name: "an empty list", body: "[]" },
  { name: "a list of nothing", body: "[null]" },
  { name: "an empty object", body: "{}" },
  {
    name: "unknown fields",
    body: '{"unknown":1,"isAdmin":true,"scope":"admin","customerId":"security-victim"}',
  },
  {
    name: "keys of a prototype",
    body: '{"__proto__":{"polluted":1,"scope":"admin"},"constructor":{"prototype":{"polluted":1}}}',
  },
  { name: "deep lists", body: "[".repeat(DEEP) + "]".repeat(DEEP) },
  { name: "deep objects", body: `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}` },
  {
    name: "a deep member",
    body: `{"name":${"[".repeat(DEEP)}${"]".repeat(DEEP)},"metadata":${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}}`,
  },
  {
    name: "huge numbers",
    body: '{"value":1e400,"expiresInSeconds":1e308,"quantity":-1e999,"budget":9007199254740993,"at":1e300,"previousValidSeconds":1e30}',
  },
  {
    name: "long digits",
    body: `{"value":"${"9".repeat(10_000)}","quantity":"0.${"1".repeat(10_000)}","budget":"${"9".repeat(10_000)}","at":"9"}`,
  },
  { name: "U+0000 and half a pair", body: '{"name":"a\\u0000b","reason":"\\ud800","id":"\\u0000"}' },
  {
    name: "members given twice",
    body: '{"name":"a","name":"b","scope":"read","scope":"admin","scope":"none"}',
  },
  { name: "no UTF-8", body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]) },
  {
    name: "no UTF-8 in a member",
    body: new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
  },
  { name: "another type", body: "<a/>", type: "application/xml" },
  { name: "a form", body: "name=a&scope=admin", type: "application/x-www-form-urlencoded" },
  { name: "no type", body: "{}", type: "" },
  { name: "a type of its own", body: "{}", type: "application/json-patch+json" },
];
