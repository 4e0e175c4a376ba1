import type { Customer } from "../domain/customer.ts";
import { CUSTOMER_COLUMNS, readCustomer } from "./customers.ts";
import type { Database } from "./database.ts";

const NAME = `lower(coalesce(settings ->> 'name', customer_id)) collate "C"`;
const ID = `customer_id collate "C"`;
/** Sorts after every text that begins with what it follows. */
const LAST = "\u{10FFFF}";

/** Customers whose name, in any case, or id begins with a text, by name; at most `limit` of either. */
export async function searchCustomers(
  database: Database,
  prefix: string,
  limit: number,
): Promise<Customer[]> {
  const rows = await database.query(
    `
select customer_id, settings, created_ms from (
  (select ${CUSTOMER_COLUMNS} from customers
  where deleted_at is null and ${NAME} >= lower($1) and ${NAME} < lower($1) || $3
  order by ${NAME}, ${ID} limit $2)
  union
  (select ${CUSTOMER_COLUMNS} from customers
  where deleted_at is null and ${ID} >= $1 and ${ID} < $1 || $3 order by ${ID} limit $2)
) as found order by lower(coalesce(settings::jsonb ->> 'name', customer_id)) collate "C", customer_id collate "C" limit $2`,
    [prefix, limit, LAST],
  );
  return rows.map(readCustomer);
}

/** Customers in the order of their names, after the one that `after` gives as text and id; the text is its name in lower case, or its id. */
export async function customersByName(
  database: Database,
  limit: number,
  after: { name: string; id: string } | undefined,
): Promise<Customer[]> {
  const rows = await database.query(
    `
select ${CUSTOMER_COLUMNS} from customers
where deleted_at is null and (${NAME}, ${ID}) > (lower($1), $2)
order by ${NAME}, ${ID} limit $3`,
    [after?.name ?? "", after?.id ?? "", limit],
  );
  return rows.map(readCustomer);
}

/** Customers in the order of their ids, after one. */
export async function customersById(database: Database, limit: number, afterId: string): Promise<Customer[]> {
  const rows = await database.query(
    `
select ${CUSTOMER_COLUMNS} from customers
where deleted_at is null and ${ID} > $1 order by ${ID} limit $2`,
    [afterId, limit],
  );
  return rows.map(readCustomer);
}
