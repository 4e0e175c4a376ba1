/** Numbers in [0, 1) that the seed alone decides: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A normal number of mean 0 and deviation 1, by Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A number of events when so many are expected: Poisson by its normal approximation, exact enough from some ten on. */
export function events(random: () => number, expected: number): bigint {
  return BigInt(Math.max(0, Math.round(expected + Math.sqrt(expected) * normal(random))));
}
