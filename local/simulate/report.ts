import { formatTable } from "../demo/table.ts";

/** A customer's line of a simulation, as the API answers it. */
interface SimulatedCustomer {
  customerId: string;
  plan: string;
  simulatedPlan: string;
  billed: string;
  simulated: string;
  difference: string;
  cliffs?: object[];
}

/** What `POST /v1/catalog/simulate` answers, as far as it is shown. */
export interface SimulationAnswer {
  period: string;
  currency: string;
  totals: { customers: number; billed: string; simulated: string; difference: string };
  paysLess: { customers: number; difference: string; most: SimulatedCustomer[] };
  paysMore: { customers: number; difference: string; most: SimulatedCustomer[] };
  unchanged: number;
  cliffs: { plan: string; metric: string; upTo: string; amount: string; amountPast: string }[];
  nextCursor: string | null;
}

/** Prints a simulation as tables. */
export function simulationReport(answer: SimulationAnswer, most: number): string {
  const { totals, paysLess, paysMore, currency } = answer;
  const sums = formatTable(
    [`${answer.period}, ${currency}`, "customers", "billed", "simulated", "difference"],
    [
      ["all", String(totals.customers), totals.billed, totals.simulated, totals.difference],
      ["pay less", String(paysLess.customers), "–", "–", paysLess.difference],
      ["pay more", String(paysMore.customers), "–", "–", paysMore.difference],
      ["unchanged", String(answer.unchanged), "–", "–", "–"],
    ],
  );
  const changed = [...paysLess.most.slice(0, most), ...paysMore.most.slice(0, most).toReversed()];
  const rest =
    answer.nextCursor === null
      ? ""
      : `\n  These are the first ${totals.customers} customers; ask the API for the rest with its nextCursor.\n`;
  return `${sums}${changed.length === 0 ? "" : `\n${customersTable(changed)}`}${cliffsTable(answer)}${rest}`;
}

function customersTable(customers: readonly SimulatedCustomer[]): string {
  return formatTable(
    ["customer", "plan", "simulated plan", "billed", "simulated", "difference"],
    customers.map((customer) => [
      customer.customerId,
      customer.plan,
      customer.simulatedPlan,
      customer.billed,
      customer.simulated,
      customer.difference,
    ]),
  );
}

function cliffsTable({ cliffs }: SimulationAnswer): string {
  if (cliffs.length === 0) {
    return "";
  }
  const rows = cliffs.map(({ plan, metric, upTo, amount, amountPast }) => [
    plan,
    metric,
    upTo,
    amount,
    amountPast,
  ]);
  return `\nPast these bounds a unit more costs less\n${formatTable(["plan", "metric", "up to", "costs", "a unit more"], rows)}`;
}
