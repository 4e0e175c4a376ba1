import { expect } from "vitest";
import type { Endpoint } from "../../local/endpoint.ts";
import type { RunningMeter } from "./running-meter.ts";

/** What became of the request at which the Worker was killed. */
export const CUTS = [
  "never sent",
  "applied, reply lost",
  "applied after the Worker's death",
  "applied after the next run",
] as const;
export type Cut = (typeof CUTS)[number];

/**
 * Kills the Worker at one of its requests to an endpoint, then runs `again`.
 *
 * Answers whether the Worker made that many requests.
 */
export async function killAt(
  meter: RunningMeter,
  endpoint: Endpoint,
  index: number,
  cut: Cut,
  run: () => Promise<boolean>,
  again: () => Promise<boolean>,
): Promise<boolean> {
  const { faults } = endpoint;
  faults.add({ mode: cut === "applied, reply lost" ? "hold-after" : "hold", skip: index });
  const ended = run();
  const isHeld = await Promise.race([faults.whenHeld().then(() => true), ended.then(() => false)]);
  if (!isHeld) {
    faults.reset();
    return false;
  }
  await meter.worker.kill();
  await ended;
  if (cut === "applied after the Worker's death") {
    faults.release();
  } else if (cut !== "applied after the next run") {
    faults.drop();
  }
  await meter.worker.restart();
  expect(
    await again(),
    `run after the cut at request ${index}: ${meter.worker.logs.slice(-3).join(" ")}`,
  ).toBe(true);
  faults.reset();
  // Whatever was let go has been served before this.
  expect((await fetch(`${endpoint.url}/_control/subjects`)).status).toBe(200);
  return true;
}
