import { formatScaled } from "../domain/decimal.ts";
import { formatAmount, formatMinor, type Currency } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import { describeLine, type Line, type Packages, type TierDetail } from "./line.ts";
import { PRICE_SCALE } from "../domain/unit-price.ts";

/**
 * A tier's part of a line: quantities in the meter's unit, `unitPrice`, `flatFee` and the packages' `price` in minor units,
 * `amount` in major units before rounding. What is absent is zero.
 */
export interface PrintedTier {
  from: string;
  to: string | null;
  quantity: string;
  unitPrice: string;
  amount: string;
  flatFee?: string;
  packages?: { count: string; size: string; price: string };
}

/** A line as the ledger keeps it: nothing of it is computed again later. */
export interface PrintedLine {
  ref: string;
  metricName: string | null;
  description: string;
  quantity: string;
  amountMinor: bigint;
  tiers: PrintedTier[];
  /** Start of the earlier period that the line corrects, epoch ms; absent on the lines of the invoice's own. */
  trueUpOfMs?: number;
}

/** A line as documents show it, its amount in major units. */
export interface LineDocument {
  ref: string;
  metric: string | null;
  description: string;
  quantity: string;
  amount: string;
  tiers: PrintedTier[];
  /** Start of the earlier period that the line corrects. */
  trueUpOf?: string;
}

/** Prints a line's numbers exactly. */
export function printLine(line: Line, currency: Currency): PrintedLine {
  return {
    ref: line.ref,
    metricName: line.metricName,
    description: describeLine(line),
    quantity: formatScaled(line.quantity, line.scale),
    amountMinor: line.amountMinor,
    tiers: line.tiers.map((tier) => printTier(tier, line, currency)),
  };
}

/** The document of a line; members in the order they are read in, which the ledger does not keep. */
export function lineDocument(line: PrintedLine, currency: Currency): LineDocument {
  return {
    ref: line.ref,
    metric: line.metricName,
    description: line.description,
    quantity: line.quantity,
    amount: formatMinor(line.amountMinor, currency),
    tiers: line.tiers.map(({ from, to, quantity, unitPrice, flatFee, packages, amount }) => ({
      from,
      to,
      quantity,
      unitPrice,
      ...(flatFee === undefined ? {} : { flatFee }),
      ...(packages === undefined
        ? {}
        : { packages: { count: packages.count, size: packages.size, price: packages.price } }),
      amount,
    })),
    ...(line.trueUpOfMs === undefined ? {} : { trueUpOf: isoTime(line.trueUpOfMs) }),
  };
}

function printTier(tier: TierDetail, line: Line, currency: Currency): PrintedTier {
  return {
    from: formatScaled(tier.from, line.scale),
    to: tier.to === null ? null : formatScaled(tier.to, line.scale),
    quantity: formatScaled(tier.quantity, line.scale),
    unitPrice: formatScaled(tier.unitPrice, PRICE_SCALE),
    ...(tier.flatFee === 0n ? {} : { flatFee: formatScaled(tier.flatFee, PRICE_SCALE) }),
    ...(tier.packages === null ? {} : { packages: printPackages(tier.packages, line) }),
    amount: formatAmount(tier.amount, line.amountScale, currency),
  };
}

function printPackages({ count, size, price }: Packages, line: Line): NonNullable<PrintedTier["packages"]> {
  return {
    count: count.toString(),
    size: formatScaled(size, line.scale),
    price: formatScaled(price, PRICE_SCALE),
  };
}
