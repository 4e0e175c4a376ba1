/** What a part of a page is made of, or that it could not be read: one store that is away takes no other part with it. */
export type Settled<Value> = { isRead: true; value: Value } | { isRead: false };

/** Waits for a part's reading; what fails is told to `onFailure` and shown as not available. */
export async function settled<Value>(
  reading: Promise<Value>,
  onFailure: (error: unknown) => void,
): Promise<Settled<Value>> {
  try {
    return { isRead: true, value: await reading };
  } catch (error) {
    onFailure(error);
    return { isRead: false };
  }
}
