import type { ZodError } from "zod";

/** Most faults that are shown. */
const MAX_SHOWN = 50;

/** Something is wrong with what the user gave: one line that says what to do, and the faults with their paths. */
export class InputError extends Error {
  readonly faults: readonly string[];

  constructor(
    message: string,
    { faults = [], ...options }: ErrorOptions & { faults?: readonly string[] } = {},
  ) {
    super(message, options);
    const rest = faults.length - MAX_SHOWN;
    this.faults = rest > 0 ? [...faults.slice(0, MAX_SHOWN), `… and ${rest} more`] : faults;
  }
}

/** What a schema finds wrong, one `path: message` a line. */
export function faultLines({ issues }: Pick<ZodError, "issues">): string[] {
  return issues.map(({ path, message }) => `${path.length === 0 ? "(top)" : path.join(".")}: ${message}`);
}
