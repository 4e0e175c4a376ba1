import { expect, test } from "vitest";
import { parseOptions } from "../../../local/demo/options.ts";

const DEFAULTS = {
  customerFrom: "ip",
  weight: 1n,
  durationMs: 20_000,
  requests: 10_000,
  seed: 1,
  keep: false,
};

test.each<[string[], object]>([
  [[], {}],
  [["--log", "a.log.gz"], { log: "a.log.gz" }],
  [["--customer-from", "path-prefix"], { customerFrom: "path-prefix" }],
  [["--weight", "1000000000"], { weight: 1_000_000_000n }],
  [["--duration", "0"], { durationMs: 0 }],
  [["--requests", "1", "--seed", "0"], { requests: 1, seed: 0 }],
  [["--keep", "--json=out.json"], { keep: true, json: "out.json" }],
])("options: %j", (args, changes) => {
  expect(parseOptions(args)).toEqual({ ...DEFAULTS, ...changes });
});

test("options: --help asks for help", () => {
  expect(parseOptions(["--help"])).toBe("help");
});

test.each([
  [["--wieght", "2"], "Unknown option '--wieght'."],
  [["a.log"], "Unexpected argument 'a.log'."],
  [["--log"], "Option '--log <value>' argument missing."],
  [["--weight", "0"], '--weight must be a whole number from 1 to 1000000000, not "0".'],
  [["--weight", "1.5"], '--weight must be a whole number from 1 to 1000000000, not "1.5".'],
  [["--weight", "1e3"], '--weight must be a whole number from 1 to 1000000000, not "1e3".'],
  [["--duration=-1"], '--duration must be a whole number from 0 to 86400, not "-1".'],
  [["--duration", "86401"], '--duration must be a whole number from 0 to 86400, not "86401".'],
  [["--customer-from", "cookie"], '--customer-from must be one of ip, user, path-prefix, not "cookie".'],
  [
    ["--log", "a", "--seed", "1"],
    "--requests and --seed are for a generated log; leave them out with --log.",
  ],
])("options: %j is refused in one sentence", (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(new Error(sentence));
});
