/**
 * The default rule: what the product answered below 400 is paid for, its own failures and refusals are not.
 *
 * `Response.error()`, whose status is 0, is a failure too.
 */
export function isBillable(response: Response): boolean {
  return response.status >= 100 && response.status < 400;
}

/** Whether a method is metered at all: a browser's preflight is nothing that a customer asked for. */
export function isMeteredMethod(method: string): boolean {
  return method !== "OPTIONS";
}
