import { isoTime } from "../domain/window.ts";
import type { Alert } from "../ledger/alerts.ts";
import { Empty } from "./card.tsx";
import { Moment } from "./moment.tsx";
import { grouped, money, worded } from "./printed.ts";
import { Table, type Column } from "./table.tsx";

/** Thresholds that were crossed, the newest first. */
export function AlertTable({ alerts, hasCustomer }: { alerts: readonly Alert[]; hasCustomer?: boolean }) {
  if (alerts.length === 0) {
    return <Empty title="No alerts">No threshold was crossed.</Empty>;
  }
  const customer: Column<Alert>[] = [
    {
      name: "Customer",
      cell: ({ customerId }) => <a href={`/customers/${encodeURIComponent(customerId)}`}>{customerId}</a>,
    },
  ];
  return (
    <Table
      label="Alerts"
      rows={alerts}
      columns={[
        { name: "When", cell: ({ firedAtMs }) => <Moment at={isoTime(firedAtMs)} /> },
        ...(hasCustomer ? customer : []),
        {
          name: "What",
          cell: (alert) => (
            <>
              {worded(alert.kind)}{" "}
              {alert.metricName !== "" && <div class="minor name">{alert.metricName}</div>}
            </>
          ),
        },
        {
          name: "Threshold",
          cell: (alert) => <span class={`tag ${toneOf(alert)}`}>{thresholdOf(alert)}</span>,
        },
        { name: "Then", isNumber: true, cell: currentOf },
      ]}
    />
  );
}

/** A threshold in words: `90 %`, `1,000 calls`. */
export function thresholdOf({ measure, threshold, currency, kind }: Alert): string {
  if (kind === "forecast") {
    return "over budget by the end";
  }
  return measure === "percent"
    ? `${threshold} %`
    : measure === "amount" && currency !== null
      ? money(threshold, currency)
      : grouped(threshold);
}

function currentOf({ kind, current, currency }: Alert): string {
  return kind === "usage" || currency === null ? grouped(current) : money(current, currency);
}

function toneOf({ measure, threshold }: Alert): string {
  return measure === "percent" && threshold.length >= 3 ? "bad" : "warn";
}
