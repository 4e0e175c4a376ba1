import { isOfTheData, type LedgerError } from "../ledger/database.ts";

/** Refused items after which a page fails: by then it is not the items' fault. */
const MAX_REFUSED = 50;

/**
 * Works on a page; one that the ledger refuses for its data is split until the bad item stands alone, and that one is told and
 * let go, so that the same refusal does not come back with each run. `work` may be repeated. Other failures are thrown.
 */
export async function splitRefused<Item>(
  page: readonly Item[],
  work: (items: readonly Item[]) => Promise<void>,
  refused: (item: Item, error: LedgerError) => void,
): Promise<void> {
  let left = MAX_REFUSED;
  const attempt = async (items: readonly Item[]): Promise<void> => {
    try {
      await work(items);
      return;
    } catch (error) {
      if (!isOfTheData(error) || left === 0) {
        throw error;
      }
      const [first] = items;
      if (items.length === 1 && first !== undefined) {
        left -= 1;
        refused(first, error);
        return;
      }
    }
    const middle = Math.ceil(items.length / 2);
    await attempt(items.slice(0, middle));
    await attempt(items.slice(middle));
  };
  await attempt(page);
}
