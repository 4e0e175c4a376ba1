/** The default rule: what the product answered below 400 is paid for, its own failures and refusals are not. */
export function isBillable(response: Response): boolean {
  return response.status < 400;
}
