import type { Database, Row, Statement } from "./database.ts";
import type { InvoiceStatus, InvoiceStep, StepName, StepOutcome } from "./invoice-status.ts";
import { column, timeColumn } from "./row.ts";

/** A step with the key that its requests carry. */
export interface Step extends InvoiceStep {
  idempotencyKey: string;
}

const COLUMNS = `step, idempotency_key, (extract(epoch from started_at) * 1000)::bigint::text as started_ms,
  (extract(epoch from finished_at) * 1000)::bigint::text as finished_ms, outcome::text`;

function lockInvoice(invoiceId: string): Statement {
  return { text: "select 1 from invoices where invoice_id = $1 for no key update", params: [invoiceId] };
}

/**
 * Writes down that a step is about to be tried.
 *
 * Answers the step as it stands and whether this is its first attempt; a later one keeps the first one's key. Undefined
 * when the invoice is void or about to be: then no step but `void` begins.
 */
export async function startStep(
  database: Database,
  invoiceId: string,
  step: StepName,
  idempotencyKey: string,
  nowMs: number,
): Promise<{ step: Step; isFirst: boolean } | undefined> {
  const [, inserted, found] = await database.transaction([
    // A request to void it comes wholly before or wholly after.
    lockInvoice(invoiceId),
    {
      text: `
insert into invoice_steps (invoice_id, step, idempotency_key, started_at)
select $1, $2, $3, to_timestamp($4::bigint / 1000.0)
where $2 = 'void' or not exists (select 1 from invoice_voids where invoice_id = $1)
on conflict do nothing returning 1`,
      params: [invoiceId, step, idempotencyKey, nowMs],
    },
    {
      text: `
select ${COLUMNS} from invoice_steps where invoice_id = $1 and step = $2
  and ($2 = 'void' or not exists (select 1 from invoice_voids where invoice_id = $1))`,
      params: [invoiceId, step],
    },
  ]);
  const row = found?.[0];
  return row && { step: readStep(row), isFirst: (inserted?.length ?? 0) > 0 };
}

/** Gives a step a new key in place of an old one; whoever comes second with the same old one changes nothing. */
export async function renewStep(
  database: Database,
  invoiceId: string,
  step: StepName,
  oldKey: string,
  newKey: string,
  nowMs: number,
): Promise<void> {
  await database.query(
    `
update invoice_steps
set idempotency_key = $3, started_at = to_timestamp($4::bigint / 1000.0), outcome = null
where invoice_id = $1 and step = $2 and idempotency_key = $5 and finished_at is null`,
    [invoiceId, step, newKey, nowMs, oldKey],
  );
}

/** Keeps why the last attempt of a step failed. */
export async function failStep(
  database: Database,
  invoiceId: string,
  step: StepName,
  failure: NonNullable<StepOutcome["failure"]>,
): Promise<void> {
  await database.query(
    "update invoice_steps set outcome = $3::jsonb where invoice_id = $1 and step = $2 and finished_at is null",
    [invoiceId, step, JSON.stringify({ failure })],
  );
}

/**
 * Keeps what a step came to, what follows for the invoice and what is to be told of it, at once; a step that has ended
 * stays as it is. An invoice that has gone out by now changes by its `void` alone.
 *
 * Answers the outcome that is kept, and whether it is this one.
 */
export async function finishStep(
  database: Database,
  invoiceId: string,
  step: StepName,
  result: { outcome: StepOutcome; status?: InvoiceStatus; stripeInvoiceId?: string },
  nowMs: number,
  told: readonly Statement[] = [],
): Promise<{ outcome: StepOutcome; isOwn: boolean }> {
  const [, finished] = await database.transaction([
    // The invoice before its step, as the beginning of a step has it: the other way round two runs would wait for each other.
    lockInvoice(invoiceId),
    {
      text: `
with finished as (
  update invoice_steps set finished_at = to_timestamp($3::bigint / 1000.0), outcome = $4::jsonb
  where invoice_id = $1 and step = $2 and finished_at is null
  returning 1
), followed as (
  update invoices set status = coalesce($5, status), stripe_invoice_id = coalesce($6, stripe_invoice_id),
    updated_at = to_timestamp($3::bigint / 1000.0)
  where invoice_id = $1 and (status in ('draft', 'in_review') or $2 = 'void' and status <> 'paid')
    and exists (select 1 from finished)
)
select 1 from finished`,
      params: [
        invoiceId,
        step,
        nowMs,
        JSON.stringify(result.outcome),
        result.status ?? null,
        result.stripeInvoiceId ?? null,
      ],
    },
    ...told,
  ]);
  if ((finished?.length ?? 0) > 0) {
    return { outcome: result.outcome, isOwn: true };
  }
  const [row] = await database.query(
    `select ${COLUMNS} from invoice_steps where invoice_id = $1 and step = $2`,
    [invoiceId, step],
  );
  return { outcome: (row && readStep(row).outcome) ?? {}, isOwn: false };
}

function readStep(row: Row): Step {
  return {
    step: column(row, "step") as StepName,
    idempotencyKey: column(row, "idempotency_key"),
    startedAtMs: timeColumn(row, "started_ms"),
    finishedAtMs: row["finished_ms"] === null ? null : timeColumn(row, "finished_ms"),
    outcome: JSON.parse(row["outcome"] ?? "null") as StepOutcome | null,
  };
}
