import type { RecordStatus } from "../../src/counters/record.ts";
import type { IdentifiedGroup } from "../../src/domain/identified-group.ts";
import { MAX_COUNTED, type Measurement } from "../../src/domain/event.ts";
import { formatSeries, type SeriesState } from "../../src/domain/series.ts";
import { HOUR_MS } from "../../src/domain/window.ts";

/** Customer-hour and series of a measurement. */
function counterName({ customerId, timeMs, series }: Measurement): string {
  return JSON.stringify([customerId, Math.floor(timeMs / HOUR_MS), formatSeries(series)]);
}

/** What the counters must hold, in the plainest way: a map of counters and a map of ids. */
export class CounterModel {
  readonly counters = new Map<string, SeriesState>();
  readonly #ids = new Map<string, { fingerprint: string; statuses: RecordStatus[] }>();

  record(groups: readonly IdentifiedGroup[]): RecordStatus[] {
    return groups.flatMap((group) => this.#recordGroup(group));
  }

  stateOf(measurement: Measurement): SeriesState | undefined {
    return this.counters.get(counterName(measurement));
  }

  #recordGroup({ idDigest, fingerprint, measurements }: IdentifiedGroup): RecordStatus[] {
    const known = this.#ids.get(idDigest);
    if (known !== undefined) {
      return known.fingerprint === fingerprint
        ? known.statuses.map((status) => (status === "recorded" ? "duplicate" : status))
        : measurements.map(() => "conflict");
    }
    const statuses = measurements.map((measurement): RecordStatus =>
      measurement === null ? "refused_before" : this.#count(measurement),
    );
    if (statuses.includes("recorded")) {
      this.#ids.set(idDigest, { fingerprint, statuses });
    }
    return statuses;
  }

  #count(measurement: Measurement): RecordStatus {
    const name = counterName(measurement);
    const held = this.counters.get(name);
    const next = nextState(held, measurement);
    const magnitude = next.value < 0n ? -next.value : next.value;
    if (magnitude > MAX_COUNTED) {
      return "counter_overflow";
    }
    this.counters.set(name, next);
    return "recorded";
  }
}

function nextState(held: SeriesState | undefined, { series, value, timeMs }: Measurement): SeriesState {
  switch (series.aggregation) {
    case "count":
    case "sum":
      return { value: (held?.value ?? 0n) + value, atMs: null };
    case "max":
      return { value: held === undefined || value > held.value ? value : held.value, atMs: null };
    case "min":
      return { value: held === undefined || value < held.value ? value : held.value, atMs: null };
    case "last": {
      const heldAtMs = held?.atMs ?? Number.NEGATIVE_INFINITY;
      const isLater = timeMs > heldAtMs || (timeMs === heldAtMs && value > (held?.value ?? 0n));
      return held === undefined || isLater ? { value, atMs: timeMs } : held;
    }
  }
}
