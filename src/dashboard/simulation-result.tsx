import { Card, Empty, Stat } from "./card.tsx";
import { DifferenceChart } from "./charts/difference-chart.tsx";
import { Notice } from "./notice.tsx";
import { grouped, money } from "./printed.ts";
import { Table } from "./table.tsx";

interface ChangedCustomer {
  customerId: string;
  plan: string;
  simulatedPlan: string;
  billed: string;
  simulated: string;
  difference: string;
}

interface Side {
  customers: number;
  difference: string;
  most: ChangedCustomer[];
}

/** What `POST /v1/catalog/simulate` answers, as far as it is shown. */
export interface SimulationAnswer {
  period: string;
  currency: string;
  totals: { customers: number; billed: string; simulated: string; difference: string };
  paysLess: Side;
  paysMore: Side;
  unchanged: number;
  cliffs: { plan: string; metric: string; upTo: string; amount: string; amountPast: string }[];
}

/** Who would pay more or less by a catalog, as chart and table. */
export function SimulationResult({ simulation }: { simulation: SimulationAnswer }) {
  const { currency, totals, paysLess, paysMore, cliffs } = simulation;
  const changed = [...paysMore.most, ...paysLess.most.toReversed()];
  return (
    <>
      <Stat
        label={`Billed, ${simulation.period}`}
        value={money(totals.billed, currency)}
        note={`${grouped(String(totals.customers))} customers`}
      />
      <Stat
        label="By this catalog"
        value={money(totals.simulated, currency)}
        note={`${money(totals.difference, currency)} difference`}
      />
      <Stat label="Pay more" value={String(paysMore.customers)} note={money(paysMore.difference, currency)} />
      <Stat label="Pay less" value={String(paysLess.customers)} note={money(paysLess.difference, currency)} />
      <Card title="Who would pay more or less" note={`${simulation.unchanged} pay the same`}>
        {cliffs.length > 0 && (
          <Notice tone="warn">
            Past {cliffs.map(({ metric, upTo, plan }) => `${grouped(upTo)} ${metric} of ${plan}`).join(", ")}{" "}
            more usage costs less.
          </Notice>
        )}
        {changed.length === 0 ? (
          <Empty title="Nobody's bill changes" />
        ) : (
          <>
            <DifferenceChart label="Difference per customer" currency={currency} differences={changed} />
            <ChangedTable currency={currency} changed={changed} />
          </>
        )}
      </Card>
    </>
  );
}

function ChangedTable({ currency, changed }: { currency: string; changed: readonly ChangedCustomer[] }) {
  return (
    <Table
      label="Customers whose bill changes most"
      rows={changed}
      columns={[
        {
          name: "Customer",
          cell: ({ customerId }) => <a href={`/customers/${encodeURIComponent(customerId)}`}>{customerId}</a>,
        },
        {
          name: "Plan",
          cell: ({ plan, simulatedPlan }) => (plan === simulatedPlan ? plan : `${plan} → ${simulatedPlan}`),
        },
        { name: "Billed", isNumber: true, cell: ({ billed }) => money(billed, currency) },
        { name: "Simulated", isNumber: true, cell: ({ simulated }) => money(simulated, currency) },
        { name: "Difference", isNumber: true, cell: ({ difference }) => money(difference, currency) },
      ]}
    />
  );
}
