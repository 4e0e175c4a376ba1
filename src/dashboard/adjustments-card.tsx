import type { Meter } from "../domain/meter.ts";
import { isoTime } from "../domain/window.ts";
import type { StoredAdjustment } from "../ledger/adjustments.ts";
import { Card, Empty } from "./card.tsx";
import { Choice, Field, Form } from "./form.tsx";
import { Moment } from "./moment.tsx";
import { grouped } from "./printed.ts";
import { Table } from "./table.tsx";
import type { View } from "./view.ts";

interface AdjustmentsProps {
  view: View;
  /** Of the customer's page. */
  address: string;
  adjustments: readonly StoredAdjustment[];
  meters: readonly Meter[];
  /** Of the next adjustment: sent twice, it is kept once. */
  id: string;
}

/** Corrections of a customer's usage, and a form for one more. */
export function AdjustmentsCard({ view, address, adjustments, meters, id }: AdjustmentsProps) {
  return (
    <Card title="Adjustments" width={7}>
      {adjustments.length === 0 ? (
        <Empty title="No adjustments">Usage stands as it was recorded.</Empty>
      ) : (
        <Table
          label="Adjustments"
          rows={adjustments}
          columns={[
            { name: "For", cell: ({ atMs }) => <Moment at={isoTime(atMs)} /> },
            { name: "Metric", cell: ({ metricName }) => metricName },
            { name: "Reason", cell: ({ reason }) => reason },
            { name: "Quantity", isNumber: true, cell: ({ quantity }) => grouped(quantity) },
          ]}
        />
      )}
      {view.session.scope === "admin" && meters.length > 0 && (
        <AdjustForm view={view} address={address} meters={meters} id={id} />
      )}
    </Card>
  );
}

function AdjustForm({ view, address, meters, id }: Omit<AdjustmentsProps, "adjustments">) {
  return (
    <details>
      <summary>Adjust usage</summary>
      <Form
        view={view}
        action={`${address}/adjustments`}
        confirm="An adjustment changes what is billed and is never edited. Keep it?"
        yes="Keep the adjustment"
      >
        <div class="fields">
          <input type="hidden" name="id" value={id} />
          <Choice
            name="metricName"
            label="Metric"
            value={meters[0]?.name ?? ""}
            options={meters.map(({ name, displayName }) => [name, displayName])}
          />
          <Field
            name="quantity"
            label="Quantity"
            hint="In the meter's unit; below zero takes away"
            required
            inputmode="decimal"
          />
          <Field
            name="at"
            label="At"
            hint="The moment of UTC that it is for"
            value={isoTime(view.nowMs).slice(0, 16)}
            type="datetime-local"
            required
          />
          <Field name="reason" label="Reason" required />
          <div>
            <button type="submit">Adjust</button>
          </div>
        </div>
      </Form>
    </details>
  );
}
