import type { Measurement } from "../../src/domain/event.ts";
import { measured } from "./measurement.ts";

/** So many calls of a customer at a moment. */
export interface Counted {
  customerId: string;
  value?: bigint;
  timeMs: number;
}

const PAGE = 500;

/** Events as measurements, in pages that one call takes. */
export function* measuredCustomerHours(events: readonly Counted[]): Generator<Measurement[]> {
  for (let first = 0; first < events.length; first += PAGE) {
    yield events
      .slice(first, first + PAGE)
      .map(({ customerId, value = 1n, timeMs }) => measured({ customerId, value, timeMs }));
  }
}
