import { afterEach, beforeEach, expect, test, vi, type Mock } from "vitest";
import type { MeterOptions } from "../../../src/edge/metering.ts";
import { answered, refused, START_MS } from "../../support/edge-meter.ts";
import { MeteredProduct, type Call } from "../../support/metering-fixture.ts";

let log: Mock<typeof console.error>;

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  log = vi.spyOn(console, "error").mockReturnValue();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function lines(): string[] {
  return log.mock.calls.map(([line, ...others]) => {
    expect(others).toEqual([]);
    return String(line);
  });
}

/** Without a callback for losses. */
class SilentProduct extends MeteredProduct {
  constructor(options: Partial<MeterOptions<Call>>, steps: ConstructorParameters<typeof MeteredProduct>[1]) {
    super(
      { mode: "batch", metadata: () => ({ region: "eu-secret" }), ...options, onLost: undefined as never },
      steps,
    );
  }
}

test("loss log: one line says how much is lost, and nobody's data", async () => {
  const product = new SilentProduct({}, [
    answered([{ status: "rejected", code: "too_late" }, { status: "recorded" }]),
  ]);
  for (const customer of ["cus_secret", "cus_secret", "cus_other"]) {
    product.answer(new Response("fine"), { customer });
  }
  await vi.runAllTimersAsync();
  await product.settled();

  expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      message: "usage lost",
      error: "rejected: too_late",
      batch: "batch-1",
      requests: 2,
      maybeApplied: false,
    },
  ]);
  expect(lines()[0]).not.toContain("secret");
});

test("loss log: a callback that fails is a line too, about no batch", async () => {
  const fail = (): never => {
    throw new Error("callback failed");
  };
  const product = new SilentProduct({ value: fail }, []);
  product.answer(new Response("fine"));
  await product.settled();

  expect(lines()).toEqual([
    '{"message":"usage lost","error":"callback failed","batch":"","requests":0,"maybeApplied":false}',
  ]);
});

test.each<[string, () => void | Promise<void>]>([
  [
    "throws",
    () => {
      throw new Error("onLost failed");
    },
  ],
  ["rejects", () => Promise.reject(new Error("onLost failed"))],
])("loss log: an onLost that %s falls back to the line", async (_, onLost) => {
  const product = new MeteredProduct({ onLost }, [refused("the meter answered 401")]);
  product.answer(new Response("fine"));
  await product.settled();

  expect(lines()).toEqual([
    '{"message":"usage lost","error":"onLost failed","batch":"batch-1","requests":1,"maybeApplied":false}',
  ]);
});

test("loss log: an asynchronous onLost is waited for", async () => {
  const gate = Promise.withResolvers<void>();
  const product = new MeteredProduct({ onLost: () => gate.promise }, [refused("401")]);
  product.answer(new Response("fine"));
  const onSettled = vi.fn<() => void>();
  const settled = product.settled().finally(onSettled);
  await vi.runAllTimersAsync();
  expect(onSettled).not.toHaveBeenCalled();
  gate.resolve();
  await settled;

  expect(lines()).toEqual([]);
});
