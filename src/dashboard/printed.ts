const SYMBOLS: Record<string, string> = { usd: "$", eur: "€", gbp: "£", jpy: "¥" };

/** Groups the digits of a decimal text by thousands: `10000000.5` → `10,000,000.5`. */
export function grouped(decimal: string): string {
  const [whole = "", fraction] = decimal.split(".");
  const spaced = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",").replace("-", "−");
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

/** An amount in major units with its currency: `2340.00` → `$2,340.00`. */
export function money(amount: string, currency: string): string {
  const sign = amount.startsWith("-") ? "−" : "";
  const digits = grouped(amount.replace("-", ""));
  const symbol = SYMBOLS[currency];
  return symbol === undefined ? `${sign}${digits} ${currency.toUpperCase()}` : `${sign}${symbol}${digits}`;
}

/** A price in minor units: `0.05` → `0.05¢` for dollars. */
export function unitPrice(minor: string, currency: string): string {
  return currency === "usd" || currency === "eur" ? `${grouped(minor)}¢` : `${grouped(minor)} minor units`;
}

/** Words of a name in code: `in_review` → `In review`. */
export function worded(name: string): string {
  const text = name.replaceAll(/[_.]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Seconds for people: 95 → `1 min 35 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
