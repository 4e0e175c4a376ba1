import type { Invoice } from "../ledger/invoices.ts";
import type { PrintedLine, PrintedTier } from "../rating/printed-line.ts";

/** Most lines that Stripe takes on one invoice. Source: its reference of `add_lines`. */
export const MAX_SENT_LINES = 250;
/** Longest value of Stripe's metadata. */
const MAX_METADATA = 500;

/**
 * The lines that Stripe is given, which has no use for those of nothing; an invoice of nothing else has them all.
 *
 * More than {@link MAX_SENT_LINES} are rolled up, each step only when the one before was not enough: the true-ups of each
 * earlier period into one line, then the lines of each metric, then all but the first ones. The same lines always come to the
 * same ones under the same refs, and to the same total; the ledger keeps all of them.
 */
export function sentLines({ lines }: Pick<Invoice, "lines">): PrintedLine[] {
  const charged = withoutNothing(lines);
  let sent = charged.length === 0 ? lines : charged;
  for (const rollUp of [rollUpTrueUps, rollUpMetrics, rollUpRest]) {
    if (sent.length > MAX_SENT_LINES) {
      sent = rollUp(sent);
    }
  }
  return sent;
}

function withoutNothing(lines: readonly PrintedLine[]): PrintedLine[] {
  return lines.filter(({ amountMinor }) => amountMinor !== 0n);
}

function rollUpTrueUps(lines: readonly PrintedLine[]): PrintedLine[] {
  return rolledUp(lines, ({ trueUpOfMs }) =>
    trueUpOfMs === undefined
      ? undefined
      : { key: `true_up:${day(trueUpOfMs)}`, text: `True-up of the period from ${day(trueUpOfMs)}` },
  );
}

function rollUpMetrics(lines: readonly PrintedLine[]): PrintedLine[] {
  return rolledUp(lines, ({ metricName, trueUpOfMs }) =>
    metricName === null || trueUpOfMs !== undefined
      ? undefined
      : { key: `metric:${metricName}`, text: metricName },
  );
}

function rollUpRest(lines: readonly PrintedLine[]): PrintedLine[] {
  const kept = lines.slice(0, MAX_SENT_LINES - 1);
  const rest = lines.slice(MAX_SENT_LINES - 1);
  return [...kept, ...rolledUp(rest, () => ({ key: "rest", text: "Further lines" }))];
}

/** Puts one line in the place of the first of each group of several; others stay as they are. */
function rolledUp(
  lines: readonly PrintedLine[],
  groupOf: (line: PrintedLine) => { key: string; text: string } | undefined,
): PrintedLine[] {
  const groups = new Map<string, PrintedLine[]>();
  for (const line of lines) {
    const key = groupOf(line)?.key;
    if (key !== undefined) {
      groups.set(key, [...(groups.get(key) ?? []), line]);
    }
  }
  const merged = lines.flatMap((line) => {
    const group = groupOf(line);
    const members = group === undefined ? [] : (groups.get(group.key) ?? []);
    if (group === undefined || members.length < 2) {
      return [line];
    }
    return members[0] === line ? [sumOf(members, group)] : [];
  });
  return withoutNothing(merged);
}

function sumOf(lines: readonly PrintedLine[], { key, text }: { key: string; text: string }): PrintedLine {
  return {
    ref: `rolled_up:${key}`,
    metricName: null,
    description: `${text}: ${lines.length} lines, each of them in our invoice`,
    quantity: "1",
    amountMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
    tiers: [],
  };
}

/** What a line's amount comes from, for its metadata in Stripe: tier by tier, as many as fit. */
export function tierText(tiers: readonly PrintedTier[]): string {
  const texts = tiers.map(textOfTier);
  for (let count = texts.length; count > 0; count -= 1) {
    const omitted = texts.length - count;
    const text = [...texts.slice(0, count), ...(omitted === 0 ? [] : [`and ${omitted} more`])].join("; ");
    if (text.length <= MAX_METADATA) {
      return text;
    }
  }
  return "";
}

/** `10000-100000: 90000 x 0.1 = 90.00`: quantities in units, prices in minor units, the amount in major ones. */
function textOfTier({ from, to, quantity, unitPrice, flatFee, packages, amount }: PrintedTier): string {
  const parts = [
    ...(packages === undefined ? [] : [`${packages.count} x ${packages.price} per ${packages.size}`]),
    ...(packages === undefined || unitPrice !== "0" ? [`${quantity} x ${unitPrice}`] : []),
    ...(flatFee === undefined ? [] : [flatFee]),
  ];
  return `${from}-${to ?? ""}: ${parts.join(" + ")} = ${amount}`;
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
