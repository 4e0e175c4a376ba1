import type { Database } from "./database.ts";
import { INTERNAL_STATUSES } from "./invoice-status.ts";

/** Whose invoice it is; undefined when there is none of that id, or it is not for its customer to see. */
export async function invoiceCustomer(database: Database, invoiceId: string): Promise<string | undefined> {
  const [row] = await database.query("select customer_id, status from invoices where invoice_id = $1", [
    invoiceId,
  ]);
  return row === undefined || INTERNAL_STATUSES.includes(row["status"] ?? "")
    ? undefined
    : (row["customer_id"] ?? undefined);
}
