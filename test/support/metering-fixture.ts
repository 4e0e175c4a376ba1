import type { LostUsage } from "../../src/edge/batcher.ts";
import { Metering, type MeterOptions } from "../../src/edge/metering.ts";
import type { UsageRow } from "../../src/edge/usage-row.ts";
import { ScriptedMeter, START_MS, type Step } from "./edge-meter.ts";

/** A request as the callbacks of these tests see it. */
export interface Call {
  customer?: string | null;
  request?: { method: string };
}

export type Options = Partial<MeterOptions<Call>>;

/** A product that meters what it answers, and sends each request's usage at once unless told otherwise. */
export class MeteredProduct {
  readonly meter: ScriptedMeter;
  readonly losses: { lost: LostUsage; message: string; call: Call }[] = [];
  readonly #metering: Metering<Call>;
  readonly #tasks: Promise<unknown>[] = [];

  constructor(options: Options = {}, steps: readonly Step[] = []) {
    this.meter = new ScriptedMeter(steps);
    this.#metering = new Metering<Call>({
      customer: ({ customer = "cus_acme" }) => customer,
      metricName: "api_calls",
      transport: this.meter.transport(),
      mode: "direct",
      onLost: (lost, error, call) => {
        this.losses.push({ lost, message: error.message, call });
      },
      now: () => START_MS,
      randomId: () => "batch-1",
      ...options,
    });
  }

  /** Meters a response and gives the one to hand on. */
  answer(response: Response, call: Call = {}, method = "GET"): Response {
    const { response: handedOn, task } = this.#metering.meter(call, method, response);
    if (task !== undefined) {
      this.#tasks.push(task);
    }
    return handedOn;
  }

  /** Settles when no request stays for its usage any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#tasks);
  }

  /** How many requests stayed. */
  get stayed(): number {
    return this.#tasks.length;
  }

  /** The rows of each batch that the meter saw. */
  get rows(): readonly (readonly UsageRow[])[] {
    return this.meter.seen.map(({ batch }) => batch.usage);
  }

  /** For whom how much was counted, in order. */
  get counted(): [string, number | string][] {
    return this.rows.flat().map(({ customerId, sum }) => [customerId, sum]);
  }
}
