import type { Call } from "./call.ts";
import * as customers from "./customers.ts";
import * as events from "./events.ts";
import { expandAnswer } from "./expansion.ts";
import type { FormFields } from "./form.ts";
import * as items from "./invoice-items.ts";
import * as lines from "./invoice-lines.ts";
import * as status from "./invoice-status.ts";
import * as invoices from "./invoices.ts";
import * as customerTables from "./parameters/customer.ts";
import * as eventTables from "./parameters/event.ts";
import * as itemTables from "./parameters/invoice-item.ts";
import * as invoiceTables from "./parameters/invoice.ts";
import * as lineTables from "./parameters/line.ts";
import { NOTHING, type Fields, type Table } from "./parameters/rules.ts";
import { validate } from "./parameters/validate.ts";

export interface Operation {
  method: "GET" | "POST" | "DELETE";
  /** Stripe's path, its ids in braces. */
  path: string;
  parameters: Fields;
  /** Checks the parameters; what it gives back runs the request and answers the object. */
  prepare: (fields: FormFields) => (call: Call, ids: readonly string[]) => object;
}

function operation<P extends object>(
  endpoint: `${Operation["method"]} /v1/${string}`,
  table: Table<P>,
  run: (call: Call, params: P, id: string, subId: string) => object,
): Operation {
  const [method = "", path = ""] = endpoint.split(" ");
  return {
    method: method as Operation["method"],
    path,
    parameters: table,
    prepare: (fields) => {
      const params = validate(table, fields);
      const { expand } = params as { expand?: string[] };
      return (call, [id = "", subId = ""]) => {
        const answer = run(call, params, id, subId);
        return expand === undefined ? answer : expandAnswer(call, answer, expand);
      };
    },
  };
}

/** Every operation this endpoint serves. */
export const OPERATIONS: readonly Operation[] = [
  operation("POST /v1/customers", customerTables.CUSTOMER_CREATE, customers.createCustomer),
  operation("GET /v1/customers", customerTables.CUSTOMER_LIST, customers.listCustomers),
  operation("GET /v1/customers/{customer}", customerTables.CUSTOMER_RETRIEVE, customers.retrieveCustomer),
  operation("POST /v1/customers/{customer}", customerTables.CUSTOMER_UPDATE, customers.updateCustomer),
  operation("DELETE /v1/customers/{customer}", NOTHING, customers.deleteCustomer),
  operation("POST /v1/invoices", invoiceTables.INVOICE_CREATE, invoices.createInvoice),
  operation("GET /v1/invoices", invoiceTables.INVOICE_LIST, invoices.listInvoices),
  operation("GET /v1/invoices/{invoice}", invoiceTables.INVOICE_RETRIEVE, invoices.retrieveInvoice),
  operation("POST /v1/invoices/{invoice}", invoiceTables.INVOICE_UPDATE, invoices.updateInvoice),
  operation("DELETE /v1/invoices/{invoice}", NOTHING, invoices.deleteInvoice),
  operation("POST /v1/invoices/{invoice}/finalize", invoiceTables.INVOICE_FINALIZE, status.finalizeInvoice),
  operation("POST /v1/invoices/{invoice}/pay", invoiceTables.INVOICE_PAY, status.payInvoice),
  operation("POST /v1/invoices/{invoice}/send", invoiceTables.INVOICE_SEND, status.sendInvoice),
  operation("POST /v1/invoices/{invoice}/void", invoiceTables.INVOICE_VOID, status.voidInvoice),
  operation(
    "POST /v1/invoices/{invoice}/mark_uncollectible",
    invoiceTables.INVOICE_MARK_UNCOLLECTIBLE,
    status.markUncollectible,
  ),
  operation("POST /v1/invoices/{invoice}/add_lines", lineTables.LINES_ADD, lines.addLines),
  operation("POST /v1/invoices/{invoice}/update_lines", lineTables.LINES_UPDATE, lines.updateLines),
  operation("POST /v1/invoices/{invoice}/remove_lines", lineTables.LINES_REMOVE, lines.removeLines),
  operation("GET /v1/invoices/{invoice}/lines", lineTables.LINES_LIST, lines.listLines),
  operation("POST /v1/invoices/{invoice}/lines/{line_item_id}", lineTables.LINE_UPDATE, lines.updateLine),
  operation("POST /v1/invoiceitems", itemTables.INVOICE_ITEM_CREATE, items.createInvoiceItem),
  operation("GET /v1/invoiceitems", itemTables.INVOICE_ITEM_LIST, items.listInvoiceItems),
  operation(
    "GET /v1/invoiceitems/{invoiceitem}",
    itemTables.INVOICE_ITEM_RETRIEVE,
    items.retrieveInvoiceItem,
  ),
  operation("POST /v1/invoiceitems/{invoiceitem}", itemTables.INVOICE_ITEM_UPDATE, items.updateInvoiceItem),
  operation("DELETE /v1/invoiceitems/{invoiceitem}", NOTHING, items.deleteInvoiceItem),
  operation("GET /v1/events", eventTables.EVENT_LIST, events.listEvents),
  operation("GET /v1/events/{id}", eventTables.EVENT_RETRIEVE, events.retrieveEvent),
];

const ROUTES = OPERATIONS.map((served) => ({
  served,
  pattern: new RegExp(`^${served.path.replaceAll(/\{[a-z_]+\}/g, "([^/]+)")}$`),
}));

/** The operation at a method and path, with the ids that the path names. */
export function findOperation(
  method: string,
  path: string,
): { operation: Operation; ids: string[] } | undefined {
  for (const { served, pattern } of ROUTES) {
    const match = served.method === method ? pattern.exec(path) : null;
    if (match !== null) {
      return { operation: served, ids: match.slice(1).map(decodeURIComponent) };
    }
  }
  return undefined;
}
