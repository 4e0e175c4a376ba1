import { HOUR_MS, isoTime } from "../domain/window.ts";
import type { Database } from "./database.ts";
import { insertNotification } from "./notifications.ts";
import { column, timeColumn } from "./row.ts";

export const FINDING_KINDS = ["days", "counters", "invoices", "stripe_invoices"] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something that does not agree. */
export interface Finding {
  /** Names what was compared; one of a kind and subject. */
  subject: string;
  detail: Record<string, unknown>;
}

/** What a check found of the subjects that it looked at. */
export interface CheckResult {
  /** Subjects that were found before and agree now, or cannot disagree any more. */
  agreed: readonly string[];
  drifted: readonly Finding[];
}

/** Most new findings that one check writes down and tells; the others are found again. */
const MAX_NEW_FINDINGS = 50;

/** Subjects of a kind that were found and not found agreed since, those not seen for longest first. */
export async function openFindings(
  database: Database,
  kind: FindingKind,
  limit: number,
): Promise<Set<string>> {
  const rows = await database.query(
    `
select subject from integrity_findings where kind = $1 and gone_at is null order by seen_at, subject limit $2`,
    [kind, limit],
  );
  return new Set(rows.map((row) => column(row, "subject")));
}

/** Keeps what a check found, and has each new finding told once, in one transaction. */
export async function settleFindings(
  database: Database,
  kind: FindingKind,
  { agreed, drifted }: CheckResult,
  nowMs: number,
): Promise<void> {
  if (agreed.length + drifted.length === 0) {
    return;
  }
  const open = await stillOpen(database, kind, drifted);
  const known = drifted.filter(({ subject }) => open.has(subject));
  const fresh = drifted.filter(({ subject }) => !open.has(subject)).slice(0, MAX_NEW_FINDINGS);
  await database.transaction([
    {
      text: `
insert into integrity_findings as held (kind, subject, detail, found_at, seen_at)
select $1, subject, detail, to_timestamp($3::bigint / 1000.0), to_timestamp($3::bigint / 1000.0)
from jsonb_to_recordset($2::jsonb) as page (subject text, detail jsonb)
on conflict (kind, subject) do update set detail = excluded.detail, seen_at = excluded.seen_at, gone_at = null,
  found_at = case when held.gone_at is null then held.found_at else excluded.found_at end`,
      params: [kind, JSON.stringify([...known, ...fresh]), nowMs],
    },
    {
      text: `
update integrity_findings set gone_at = to_timestamp($3::bigint / 1000.0)
where kind = $1 and gone_at is null and subject = any (array(select jsonb_array_elements_text($2::jsonb)))`,
      params: [kind, JSON.stringify(agreed), nowMs],
    },
    ...fresh.map(({ subject, detail }) =>
      insertNotification(
        {
          type: "integrity.drift_detected",
          // With the hour: what is gone and comes back is told again, two runs at once tell it once.
          subject: `integrity_drift:${kind}:${subject}:${isoTime(nowMs - (nowMs % HOUR_MS))}`,
          customerId: null,
          data: { kind, foundAt: isoTime(nowMs), ...detail },
        },
        nowMs,
      ),
    ),
  ]);
}

/** Those of the findings' subjects that are known to disagree. */
async function stillOpen(
  database: Database,
  kind: FindingKind,
  findings: readonly Finding[],
): Promise<Set<string>> {
  const rows = await database.query(
    `
select subject from integrity_findings
where kind = $1 and gone_at is null and subject = any (array(select jsonb_array_elements_text($2::jsonb)))`,
    [kind, JSON.stringify(findings.map(({ subject }) => subject))],
  );
  return new Set(rows.map((row) => column(row, "subject")));
}

/** A finding as an operator sees it. */
export interface FindingRow {
  kind: string;
  detail: Record<string, unknown>;
  foundAt: string;
  seenAt: string;
  goneAt: string | null;
}

/** Findings, those that still disagree first, then from newest to oldest. */
export async function readFindings(database: Database, limit: number): Promise<FindingRow[]> {
  const rows = await database.query(
    `
select kind, detail::text, (extract(epoch from found_at) * 1000)::bigint::text as found_ms,
  (extract(epoch from seen_at) * 1000)::bigint::text as seen_ms,
  (extract(epoch from gone_at) * 1000)::bigint::text as gone_ms
from integrity_findings order by gone_at is not null, found_at desc, kind, subject limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    kind: column(row, "kind"),
    detail: JSON.parse(column(row, "detail")) as Record<string, unknown>,
    foundAt: isoTime(timeColumn(row, "found_ms")),
    seenAt: isoTime(timeColumn(row, "seen_ms")),
    goneAt: row["gone_ms"] === null ? null : isoTime(timeColumn(row, "gone_ms")),
  }));
}
