import type { BillDocument } from "../../src/rating/bill.ts";
import type { PrintedTier } from "../../src/rating/printed-line.ts";

const TITLES = ["", "quantity", "unit price", "fee", "before rounding", "amount"];

/** Prints a bill for people: each line, below it the tiers that it comes from. Unit prices and fees in minor units. */
export function billTable({ currency, lines, total }: BillDocument): string {
  const rows = lines.flatMap(({ description, amount, tiers }) => [
    [description, "", "", "", "", amount],
    ...tiers.map((tier) => [
      "  " + rangeText(tier),
      tier.quantity,
      tier.unitPrice,
      feeText(tier),
      tier.amount,
      "",
    ]),
  ]);
  const all = [TITLES, ...rows, ["Total", "", "", "", currency, total]];
  const widths = TITLES.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  const [titles, ...others] = all.map((row) => rowText(row, widths));
  return [titles, rule, ...others.slice(0, -1), rule, others.at(-1)].map((line) => `  ${line}\n`).join("");
}

function rowText(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    .join("  ")
    .trimEnd();
}

function rangeText({ from, to }: PrintedTier): string {
  if (to === null) {
    return from === "0" ? "all" : `over ${from}`;
  }
  return from === "0" ? `up to ${to}` : `over ${from} up to ${to}`;
}

function feeText({ flatFee, packages }: PrintedTier): string {
  const packed = packages === undefined ? "" : `${packages.count} × ${packages.price} per ${packages.size}`;
  return [flatFee ?? "", packed].filter((text) => text !== "").join(" + ");
}
