import * as z from "zod";
import type { BillDocument } from "../../src/rating/bill.ts";
import { faultLines, InputError } from "./input-error.ts";

/** What of an export is recomputed: only the shape that a comparison needs; its values are what is in question. */
const invoiceSchema = z.object({
  invoice: z.object({
    currency: z.string(),
    lines: z.array(z.looseObject({ ref: z.string() })).max(100_000),
    subtotal: z.string(),
    total: z.string(),
  }),
  catalog: z.unknown(),
  usage: z.unknown(),
});

/** An invoice's bill as its export has it, members in the order in which a bill is printed. */
export function readExportedBill(source: string, document: unknown): BillDocument {
  const parsed = invoiceSchema.safeParse(document);
  if (!parsed.success) {
    throw new InputError(`${source} is no export of an invoice (GET /v1/invoices/{id}/export gives one):`, {
      faults: faultLines(parsed.error),
    });
  }
  const { currency, subtotal, total } = parsed.data.invoice;
  // As they were written, members in their own order.
  const { lines } = (document as { invoice: Pick<BillDocument, "lines"> }).invoice;
  return { currency, lines, subtotal, total };
}

/** Where a recomputed bill is not what the export says, byte for byte; empty when it is. */
export function differences(exported: BillDocument, recomputed: BillDocument): string[] {
  if (JSON.stringify(exported) === JSON.stringify(recomputed)) {
    return [];
  }
  const found: string[] = [];
  for (const member of ["currency", "subtotal", "total"] as const) {
    if (exported[member] !== recomputed[member]) {
      found.push(`${member}: the export has ${exported[member]}, recomputed it is ${recomputed[member]}`);
    }
  }
  const refs = new Set([...recomputed.lines, ...exported.lines].map(({ ref }) => ref));
  for (const ref of refs) {
    const theirs = linesText(exported, ref);
    const ours = linesText(recomputed, ref);
    if (theirs !== ours) {
      found.push(`line ${ref}:\n    export      ${theirs}\n    recomputed  ${ours}`);
    }
  }
  return found.length > 0 ? found : ["the lines are in another order"];
}

function linesText({ lines }: BillDocument, ref: string): string {
  const found = lines.filter((line) => line.ref === ref);
  return found.length === 0 ? "none" : found.map((line) => JSON.stringify(line)).join(" ");
}
