import { currencyOf, formatMinor, parseMajor } from "../../src/domain/money.ts";
import { demoCatalog } from "../demo-catalog.ts";

/** The metric that the sample product counts. */
export const METRIC = "api_calls";

const CURRENCY = currencyOf(demoCatalog.currency);

/** What each room says of one customer: usage in API calls, amounts in minor units. */
export interface CustomerFigures {
  customerId: string;
  /** Requests replayed, and those of them that are paid for: below 400, and not `OPTIONS`. */
  requests: number;
  billable: number;
  /** Live usage. */
  counted: bigint;
  ledger: bigint;
  /** Quantity on our invoices, their totals, and the totals that Stripe has. */
  invoiced: bigint;
  totalMinor: bigint;
  stripeMinor: bigint;
}

/** Reads a quantity of whole units; throws on anything else. */
export function parseUnits(text: string): bigint {
  const match = /^(-?\d+)(?:\.0*)?$/.exec(text);
  if (match?.[1] === undefined) {
    throw new Error(`expected a whole number of units, got "${text}"`);
  }
  return BigInt(match[1]);
}

/** Reads an amount in the catalog's currency. */
export function parseAmount(text: string): bigint {
  const amountMinor = parseMajor(text, CURRENCY);
  if (amountMinor === undefined) {
    throw new Error(`expected an amount in ${CURRENCY.code}, got "${text}"`);
  }
  return amountMinor;
}

/** Prints an amount of the catalog's currency. */
export function formatAmount(amountMinor: bigint): string {
  return formatMinor(amountMinor, CURRENCY);
}

/** Prints a whole number with thousands apart. */
export function formatCount(count: bigint | number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Prints a decimal string with thousands apart. */
export function formatQuantity(text: string): string {
  const [whole = "", fraction] = text.split(".");
  return fraction === undefined ? formatCount(BigInt(whole)) : `${formatCount(BigInt(whole))}.${fraction}`;
}

/** Adds to a sum that starts at 0. */
export function addTo(sums: Map<string, bigint>, key: string, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}

/** The sum of all. */
export function total(amounts: Iterable<bigint>): bigint {
  let sum = 0n;
  for (const amount of amounts) {
    sum += amount;
  }
  return sum;
}

/** The figures of every customer as a JSON document; usage and amounts are decimal strings. */
export function figuresJson(figures: CustomerFigures[]): string {
  const rows = figures.map((row) => ({
    customer: row.customerId,
    requests: row.requests,
    billable: row.billable,
    counted: row.counted.toString(),
    ledger: row.ledger.toString(),
    invoiced: row.invoiced.toString(),
    total: formatAmount(row.totalMinor),
    stripeTotal: formatAmount(row.stripeMinor),
  }));
  return `${JSON.stringify({ metric: METRIC, currency: CURRENCY.code, customers: rows }, null, 2)}\n`;
}
