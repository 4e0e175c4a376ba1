/** Most events of one call, and its most bytes, well below what the meter takes. */
const MAX_ITEMS = 1000;
const MAX_BYTES = 900_000;
const BYTES_PER_UNIT = 3;

/** One call's part of a list. */
export interface Chunk<Item> {
  items: Item[];
  /** The items as a JSON array. */
  body: string;
}

/** Cuts a list into what the meter takes in one call, in order. */
export function* chunksOf<Item>(items: readonly Item[]): Generator<Chunk<Item>> {
  let chunk: Item[] = [];
  let texts: string[] = [];
  let bytes = 0;
  for (const item of items) {
    const text = JSON.stringify(item);
    const size = BYTES_PER_UNIT * text.length;
    if (chunk.length > 0 && (chunk.length >= MAX_ITEMS || bytes + size > MAX_BYTES)) {
      yield { items: chunk, body: `[${texts.join(",")}]` };
      [chunk, texts, bytes] = [[], [], 0];
    }
    chunk.push(item);
    texts.push(text);
    bytes += size;
  }
  if (chunk.length > 0) {
    yield { items: chunk, body: `[${texts.join(",")}]` };
  }
}
