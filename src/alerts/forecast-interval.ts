import { EXPECTATION_DIVISOR, expectDay, WEEK } from "./expected-usage.ts";

/** Parts of a million: 1_000_000n is all that was expected. */
export const PPM = 1_000_000n;

/** Days that must be known before a past expectation is judged. */
const LEAST_DAYS = 2 * WEEK;
/** Neighbouring starts see nearly the same days: of a stretch, so many are judged. */
const STARTS_PER_STRETCH = 5;
/** More than ten times of what was expected is as unforeseen as ten times. */
const MOST_PPM = 10n * PPM;

/**
 * How far usage is from what is expected when nothing is known of the customer, in ppm: ten equally likely cases,
 * counted beside the customer's own. Wider than what the back-test finds over generated years.
 */
const USUAL_PPM = [600n, 760n, 860n, 920n, 970n, 1030n, 1100n, 1200n, 1450n, 2200n].map(
  (thousandths) => thousandths * 1000n,
);

/** Between what parts of the expected rest the rest is, in ppm: `lowPpm` ≤ all ≤ `highPpm`. */
export interface Spread {
  lowPpm: bigint;
  highPpm: bigint;
}

/**
 * The interval that holds four of five outcomes, one of ten on each side: the tenths of how the customer's own stretches
 * of so many days turned out beside what would have been expected of them, and of {@link USUAL_PPM}.
 *
 * In the first week nothing can be judged: then from n tenths of the expected rest after n days.
 */
export function spreadOfRest(days: readonly bigint[], cut: readonly bigint[], stretchDays: number): Spread {
  const known = BigInt(days.length);
  if (days.length < WEEK) {
    return { lowPpm: (known * PPM) / 10n, highPpm: known === 0n ? 11n * PPM : ((known + 10n) * PPM) / known };
  }
  const ratios = [...USUAL_PPM, ...pastRatios(days, cut, stretchDays)].toSorted(ascending);
  const low = tenthOf(ratios, 1);
  const high = tenthOf(ratios, 9);
  return { lowPpm: low < PPM ? low : PPM, highPpm: high > PPM ? high : PPM };
}

/** What came in past stretches, each beside what was expected at its start, in ppm; where nothing was expected, the most. */
function pastRatios(days: readonly bigint[], cut: readonly bigint[], stretchDays: number): bigint[] {
  const actual = runningSums(days);
  const expected = runningSums(days.map((_, index) => (index < LEAST_DAYS ? 0n : expectDay(cut, index))));
  const weeks = BigInt(Math.floor(stretchDays / WEEK));
  const ratios: bigint[] = [];
  const step = Math.max(1, Math.floor(stretchDays / STARTS_PER_STRETCH));
  for (let start = days.length - stretchDays; start >= LEAST_DAYS; start -= step) {
    // Later weeks of a stretch are expected as its first.
    const rest =
      (weeks === 0n ? 0n : weeks * between(expected, start, start + WEEK)) +
      between(expected, start, start + (stretchDays % WEEK));
    const came = between(actual, start, start + stretchDays);
    if (rest > 0n) {
      const ratio = (came * EXPECTATION_DIVISOR * PPM) / rest;
      ratios.push(ratio < MOST_PPM ? ratio : MOST_PPM);
    } else if (came > 0n) {
      ratios.push(MOST_PPM);
    }
  }
  return ratios;
}

function between(sums: readonly bigint[], from: number, to: number): bigint {
  return (sums[to] ?? 0n) - (sums[from] ?? 0n);
}

function runningSums(days: readonly bigint[]): bigint[] {
  let sum = 0n;
  return [0n, ...days.map((quantity) => (sum += quantity))];
}

/** The value that `tenths` of ten values do not exceed, between its neighbours by their distance; at least nine values. */
function tenthOf(sorted: readonly bigint[], tenths: number): bigint {
  const rank = (sorted.length + 1) * tenths;
  const below = sorted[Math.floor(rank / 10) - 1] ?? 0n;
  const above = sorted[Math.floor(rank / 10)] ?? below;
  return below + ((above - below) * BigInt(rank % 10)) / 10n;
}

function ascending(left: bigint, right: bigint): number {
  return left < right ? -1 : Number(left > right);
}
