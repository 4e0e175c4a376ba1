/**
 * Works on items, so many at a time, until `work` answers false: then no more are begun.
 *
 * Settles when all that was begun has ended; answers whether it came to the end of the items. The first failure is thrown.
 */
export async function inLanes<Item>(
  items: Iterable<Item>,
  lanes: number,
  work: (item: Item) => Promise<boolean>,
): Promise<boolean> {
  const queue = items[Symbol.iterator]();
  const failures: unknown[] = [];
  let isStopped = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !isStopped && next.done !== true; next = queue.next()) {
      try {
        isStopped = !(await work(next.value)) || isStopped;
      } catch (error) {
        isStopped = true;
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) {
    throw failures[0];
  }
  return !isStopped;
}
