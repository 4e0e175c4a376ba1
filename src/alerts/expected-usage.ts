/**
 * What is expected of a day, as an exact fraction: the same weekday of the last six weeks, each week counting twice
 * what the one before it counts, after days that stand out alone were cut.
 *
 * Days are non-negative quantities of UTC days one after another, oldest first. More usage on any of them never lowers
 * an expectation. These are estimates: nothing of them is shown as usage or enters an invoice.
 */
export const WEEK = 7;

/** Of the last week, the one before it, and so on. */
const WEEK_WEIGHTS = [32n, 16n, 8n, 4n, 2n, 1n];

/** Every expectation is a numerator over this: a multiple of 1–7 and of the sums of the first weights (32, 48, … 63). */
export const EXPECTATION_DIVISOR = 312_480n;

/** Days among which a day may stand out, itself in their middle: in three weeks what comes weekly comes thrice. */
const CUT_DAYS = 3 * WEEK;
/** A day counts at most so many times the third largest of those days: a rise is believed on its third day. */
const CUT_FACTOR = 2n;

/** The days with what stands out cut off; with fewer than three days nothing does. */
export function cutPeaks(days: readonly bigint[]): bigint[] {
  return days.map((quantity, index) => {
    const end = Math.min(days.length, Math.max(CUT_DAYS, index + 1 + Math.floor(CUT_DAYS / 2)));
    const third = thirdLargest(days, Math.max(0, end - CUT_DAYS), end);
    return third === undefined || quantity <= CUT_FACTOR * third ? quantity : CUT_FACTOR * third;
  });
}

function thirdLargest(days: readonly bigint[], from: number, to: number): bigint | undefined {
  let first: bigint | undefined;
  let second: bigint | undefined;
  let third: bigint | undefined;
  for (let index = from; index < to; index += 1) {
    const quantity = days[index] ?? 0n;
    if (first === undefined || quantity > first) {
      [first, second, third] = [quantity, first, second];
    } else if (second === undefined || quantity > second) {
      [second, third] = [quantity, second];
    } else if (third === undefined || quantity > third) {
      third = quantity;
    }
  }
  return third;
}

/**
 * The expected quantity of the day at `index`, at most six days past the last known one, over
 * {@link EXPECTATION_DIVISOR}; a weekday that is not known yet is expected as the mean of all days. Of at least one day.
 */
export function expectDay(days: readonly bigint[], index: number): bigint {
  let sum = 0n;
  let weights = 0n;
  for (const [week, weight] of WEEK_WEIGHTS.entries()) {
    const quantity = days[index - WEEK * (week + 1)];
    if (quantity === undefined) {
      break;
    }
    sum += weight * quantity;
    weights += weight;
  }
  if (weights > 0n) {
    return sum * (EXPECTATION_DIVISOR / weights);
  }
  // Fewer than seven days are known.
  return days.reduce((total, quantity) => total + quantity, 0n) * (EXPECTATION_DIVISOR / BigInt(days.length));
}
