import type { Database } from "./database.ts";

/** Whose invoice it is; undefined when there is none of that id. */
export async function invoiceCustomer(database: Database, invoiceId: string): Promise<string | undefined> {
  const [row] = await database.query("select customer_id from invoices where invoice_id = $1", [invoiceId]);
  return row?.["customer_id"] ?? undefined;
}
