import type { CatalogDiff } from "../rating/catalog-diff.ts";
import { Empty } from "./card.tsx";
import { Table } from "./table.tsx";

/** Changes of one page; a catalog's first version is all of them. */
const MAX_SHOWN = 60;
const MAX_TEXT = 160;
const TONES = { added: "good", removed: "bad", changed: "warn" };

/** What makes one catalog of another. */
export function ChangeTable({ diff }: { diff: CatalogDiff }) {
  const { changes, leftOff } = diff;
  const more = leftOff + Math.max(0, changes.length - MAX_SHOWN);
  if (changes.length === 0) {
    return <Empty title="Nothing differs" />;
  }
  return (
    <>
      <Table
        label="Changes"
        rows={changes.slice(0, MAX_SHOWN)}
        columns={[
          { name: "Where", cell: ({ path }) => <code>{path}</code> },
          { name: "What", cell: ({ kind }) => <span class={`tag ${TONES[kind]}`}>{kind}</span> },
          { name: "Before", cell: ({ before }) => valueText(before) },
          { name: "After", cell: ({ after }) => valueText(after) },
        ]}
      />
      {more > 0 && <p class="minor">{more} more are not shown.</p>}
    </>
  );
}

function valueText(value: unknown): string {
  const text = value === undefined ? "" : JSON.stringify(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
