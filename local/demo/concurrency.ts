/** Works on items in their order, at most `limit` at a time; the first error ends it once what runs has ended. */
export async function forEachConcurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = iterate(items);
  const runs = Array.from({ length: limit }, async () => {
    // Leaving the loop by an error also ends the queue for the others.
    for await (const item of queue) {
      await work(item);
    }
  });
  const failed = (await Promise.allSettled(runs)).find((run) => run.status === "rejected");
  if (failed !== undefined) {
    throw failed.reason;
  }
}

async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void> {
  yield* items;
}
