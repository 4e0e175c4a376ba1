/** A parameter's name as Stripe writes it, as in `lines[0][price_data][currency]`; an empty path is the top. */
export function parameterName(path: string, ...names: readonly string[]): string {
  const [first = "", ...rest] = path === "" ? names : [path, ...names];
  return first + rest.map((name) => `[${name}]`).join("");
}
