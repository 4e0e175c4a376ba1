import { formatAmount, formatCount, total, type CustomerFigures } from "./figures.ts";
import type { ReplayOutcome } from "./replay.ts";
import type { Survey } from "./survey.ts";

/** One equation of the reconciliation, each side as it is shown. */
export interface Equation {
  what: string;
  left: string;
  right: string;
  isEqual: boolean;
}

/** The whole chain from the log's lines to Stripe's totals; every equation must hold. */
export function reconcile(
  survey: Survey,
  replay: ReplayOutcome,
  figures: CustomerFigures[],
  weight: bigint,
): Equation[] {
  const unparsable = sum([...survey.unparsable.values()].map(({ count }) => count));
  const replayed = sum(replay.byStatus.values());
  const billable = sum(figures.map((row) => row.billable));
  const refused = [...replay.byStatus].filter(([status]) => status >= 400).toSorted(([a], [b]) => a - b);
  const unpaid = [...(replay.preflights === 0 ? [] : [["OPTIONS", replay.preflights] as const]), ...refused];
  const reasons = unpaid.map(([what, count]) => `${what}: ${formatCount(count)}`).join(", ");
  const units = BigInt(billable) * weight;
  const counted = total(figures.map((row) => row.counted));
  const ledger = total(figures.map((row) => row.ledger));
  const invoiced = total(figures.map((row) => row.invoiced));
  const ours = total(figures.map((row) => row.totalMinor));
  const theirs = total(figures.map((row) => row.stripeMinor));
  return [
    equation("lines = requests in the log + unparsable", survey.lines, survey.requests + unparsable),
    equation("requests in the log = replayed as logged", survey.requests, replayed),
    equation(
      `replayed = billable + not billable${reasons === "" ? "" : ` (${reasons})`}`,
      replayed,
      billable + sum(unpaid.map(([, count]) => count)),
    ),
    equation(
      `billable${weight === 1n ? "" : ` × ${formatCount(weight)}`} = counted (live usage)`,
      units,
      counted,
    ),
    equation("counted = ledger", counted, ledger),
    equation("ledger = invoiced quantity", ledger, invoiced),
    {
      what: "our invoices' totals = Stripe's totals",
      left: formatAmount(ours),
      right: formatAmount(theirs),
      isEqual: ours === theirs,
    },
  ];
}

/** Where any room disagrees with the one before it about a customer. */
export function findDifferences(figures: CustomerFigures[], weight: bigint): CustomerFigures[] {
  return figures.filter((row) => {
    const units = BigInt(row.billable) * weight;
    const isCounted = row.counted === units && row.ledger === units && row.invoiced === units;
    return !isCounted || row.totalMinor !== row.stripeMinor;
  });
}

function equation(what: string, left: number | bigint, right: number | bigint): Equation {
  return {
    what,
    left: formatCount(left),
    right: formatCount(right),
    isEqual: BigInt(left) === BigInt(right),
  };
}

function sum(counts: Iterable<number>): number {
  let all = 0;
  for (const count of counts) {
    all += count;
  }
  return all;
}
