import type { Quantity } from "./quantity.ts";

/** One event, as `POST /v1/events` takes it. */
export interface UsageEvent {
  /** What makes a repeat of it a repeat; a fresh one when absent. */
  id?: string;
  customerId: string;
  metricName: string;
  /** 1 when absent. */
  value?: Quantity;
  /** ISO 8601 or epoch ms; now when absent. */
  timestamp?: string | number;
  metadata?: Record<string, unknown>;
}

/** An event with all that a repeat of it must say again. */
export interface IdentifiedEvent extends UsageEvent {
  id: string;
  timestamp: string | number;
  value: number | string;
}
