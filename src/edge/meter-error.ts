import type { EventResult } from "./answer.ts";
import type { IdentifiedEvent } from "./usage-event.ts";

/** The meter did not do what it was asked for. */
export class MeterError extends Error {
  override readonly name = "MeterError";
  /** True when it may have been applied all the same: repeat it as it is, under the same ids. */
  readonly maybeApplied: boolean;
  /** Results of the events before, in the order sent. */
  readonly results: readonly EventResult[];
  /** Events that are not known to be counted; recording them as they are counts none of them twice. */
  readonly unconfirmed: readonly IdentifiedEvent[];

  constructor(
    message: string,
    options: {
      cause?: unknown;
      maybeApplied: boolean;
      results?: readonly EventResult[];
      unconfirmed?: readonly IdentifiedEvent[];
    },
  ) {
    super(message, { cause: options.cause });
    this.maybeApplied = options.maybeApplied;
    this.results = options.results ?? [];
    this.unconfirmed = options.unconfirmed ?? [];
  }
}
