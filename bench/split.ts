import type { CountingPath } from "./counting-path.ts";
import { SlottedRequest } from "./slots.ts";

/** Time of one request in the Worker's own code, measured in Node, in µs. */
export interface Split {
  parseUs: number;
  validateUs: number;
}

/** Bodies of one look at the clock. */
const CHUNK = 50;

/** Measures the Worker's code on bodies with fresh ids, for so long. */
export async function measureSplit(
  path: CountingPath,
  bodies: readonly string[],
  durationMs: number,
): Promise<Split> {
  const requests = bodies.map((text) => new SlottedRequest(text));
  let parseMs = 0;
  let validateMs = 0;
  let count = 0;
  for (let id = 1; parseMs + validateMs < durationMs; count += CHUNK) {
    const chunk: Buffer[] = [];
    for (let index = 0; index < CHUNK; index += 1) {
      const { bytes, next } = requests[index % requests.length]!.fill(id);
      chunk.push(bytes);
      id = next;
    }
    const startMs = performance.now();
    const submissions = chunk.map((bytes) => path.parse(bytes));
    const parsedMs = performance.now();
    for (const submission of submissions) {
      await path.record(submission);
    }
    parseMs += parsedMs - startMs;
    validateMs += performance.now() - parsedMs;
  }
  return { parseUs: (parseMs / count) * 1000, validateUs: (validateMs / count) * 1000 };
}
