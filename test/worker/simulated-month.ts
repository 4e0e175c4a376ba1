import { demoCatalog } from "../../local/demo-catalog.ts";
import { askLedger, monthName, playAt, publishPlans } from "./played-time.ts";
import { putCustomer, send } from "./priced-customer.ts";
import { call, READ, trigger, type Answer } from "./worker-api.ts";

/** What the four customers are told of when those of `flat99` move to `payg`. */
const BILLS = [
  ["a", "flat99 → payg", "99.00 → 0.00", "-99.00"],
  // 1,000,000 calls: 90 + 450.
  ["b", "flat99 → payg", "99.00 → 540.00", "441.00"],
  ["c", "payg → payg", "105.00 → 105.00", "0.00"],
  ["d", "payg → payg", "0.00 → 0.00", "0.00"],
];

/** A month with four customers, and no others; each file has one of its own. */
export interface SimulatedMonth {
  customers: string[];
  /** Puts the customers, records what they use, and flushes it. */
  fill: () => Promise<void>;
  /** Asks for a simulation of the demo catalog, or as the members say. */
  simulate: (body: object, key?: string) => Promise<Answer>;
  /** What {@link told} gives of the customers when those of `flat99` move to `payg`. */
  bills: (invoiced: boolean) => unknown[];
}

/** The month so far ahead. */
export function simulatedMonth(ahead: number): SimulatedMonth {
  const customers = BILLS.map(([name]) => `sim-${ahead}-${name}`);
  return {
    customers,
    fill: () => fillMonth(ahead, customers),
    simulate: (body, key = READ) =>
      call("POST", "/v1/catalog/simulate", key, {
        catalog: demoCatalog,
        period: monthName(ahead),
        ...body,
      }),
    bills: (invoiced) => BILLS.map(([, plan, ...rest], index) => [customers[index], plan, invoiced, ...rest]),
  };
}

/** A customer as a simulation shows it. */
interface Told {
  customerId: string;
  plan: string;
  simulatedPlan: string;
  invoiced: boolean;
  billed: string;
  simulated: string;
  difference: string;
}

/** What is told of customers, in a few words. */
export function told(data: Told[]): unknown[] {
  return data.map(({ customerId, plan, simulatedPlan, invoiced, billed, simulated, difference }) => [
    customerId,
    `${plan} → ${simulatedPlan}`,
    invoiced,
    `${billed} → ${simulated}`,
    difference,
  ]);
}

async function fillMonth(ahead: number, customers: readonly string[]): Promise<void> {
  playAt(ahead, 1);
  await publishPlans({});
  // What other files have left has no business in this month.
  await askLedger("update customers set deleted_at = coalesce(deleted_at, now())", []);
  await askLedger("update billing_periods set closed_at = coalesce(closed_at, period_end)", []);
  for (const [index, customerId] of customers.entries()) {
    await putCustomer(customerId, index < 2 ? { plan: "flat99" } : {});
  }
  await send(`sim-${ahead}-b`, "api_calls", 1_000_000);
  await send(`sim-${ahead}-c`, "seats", 10);
  await trigger("* * * * *", playAt(ahead, 1, 0, 60_000));
  playAt(ahead, 20);
}
