import { demoCatalog } from "../../local/demo-catalog.ts";
import { parseDecimal, scaledTo, formatScaled } from "../../src/domain/decimal.ts";
import { periodContaining } from "../../src/domain/period.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import { billAndClose } from "../../src/invoicing/bill-closing.ts";
import { CatalogVersions } from "../../src/invoicing/catalog-versions.ts";
import { reissueInvoice } from "../../src/invoicing/reissue-invoice.ts";
import { insertAdjustment } from "../../src/ledger/adjustments.ts";
import { duePeriods } from "../../src/ledger/billing-periods.ts";
import { insertCatalog } from "../../src/ledger/catalog-versions.ts";
import { putCustomer } from "../../src/ledger/customers.ts";
import { requestVoid } from "../../src/ledger/invoice-voids.ts";
import { listInvoices, type Invoice } from "../../src/ledger/invoices.ts";
import { catalogSchema, type Catalog } from "../../src/rating/catalog.ts";
import type { MetricTotal } from "../../src/rating/quantities.ts";
import type { PeriodUsage } from "../../src/rating/rate-period.ts";
import { bucketOf } from "./bucket.ts";
import type { LedgerFixture } from "./ledger-fixture.ts";
import { extendAll } from "./period-story.ts";
import { writeBuckets } from "./write-buckets.ts";

/** Grace after a period's end. */
const GRACE_MS = 25 * HOUR_MS;
const SCALES: Record<string, number> = { api_calls: 0, seats: 0 };

/** The n-th version of the catalog: the same, dearer. */
export function versionOf(n: number): Catalog {
  const plans = demoCatalog.plans.map((plan) => ({
    ...plan,
    ...(plan.name === "flat99"
      ? { baseFee: `${98 + n}.00` }
      : { minSpend: `${n % 2}.37`, maxSpend: `${900 + n}.00` }),
  }));
  return catalogSchema.parse({ ...demoCatalog, plans });
}

interface Counted {
  atMs: number;
  metricName: string;
  value: bigint;
  isAdjustment: boolean;
}

/** One customer whose usage, corrections and closes come in any order, and what of it has to be billed. */
export class TrueUpStory {
  readonly customerId: string;
  readonly #fixture: LedgerFixture;
  readonly #counted: Counted[] = [];
  #ids = 0;
  nowMs: number;
  /** Adjustments that were not taken. */
  refused = 0;

  constructor(fixture: LedgerFixture, customerId: string, startMs: number) {
    this.#fixture = fixture;
    this.customerId = customerId;
    this.nowMs = startMs;
  }

  async publish(version: number): Promise<void> {
    await insertCatalog(this.#fixture.database, version - 1, versionOf(version), this.nowMs, "test");
  }

  async put(plan: string, billingAnchorDay: number): Promise<void> {
    const current = periodContaining(this.nowMs, billingAnchorDay);
    const periods = { current, before: periodContaining(current.startMs - 1, billingAnchorDay) };
    const settings = { plan, billingAnchorDay };
    await putCustomer(this.#fixture.database, this.customerId, settings, this.nowMs, periods);
  }

  /** Usage of an hour comes into the ledger, as a flush brings it. */
  async use(atMs: number, metricName: string, value: number): Promise<void> {
    const hour = new Date(atMs).toISOString().slice(0, 13);
    const aggregation = metricName === "seats" ? "max" : "sum";
    this.#ids += 1;
    const changes = { customerId: this.customerId, epoch: `epoch-${this.#ids}` };
    const bucket = bucketOf(
      `${hour}:00`,
      [[{ metricName, aggregation, dimensions: {} }, String(value)]],
      changes,
    );
    await writeBuckets(this.#fixture.database, 0, [bucket], this.nowMs);
    this.#counted.push({ atMs, metricName, value: BigInt(value), isAdjustment: false });
  }

  /** Answers whether the adjustment was taken. */
  async adjust(atMs: number, metricName: string, value: number): Promise<boolean> {
    this.#ids += 1;
    const { customerId } = this;
    const content = { adjustmentId: `a${this.#ids}`, metricName, quantity: String(value), atMs, reason: "r" };
    const kept = await insertAdjustment(
      this.#fixture.database,
      { customerId, ...content },
      "admin",
      this.nowMs,
    );
    if (kept?.isNew === true) {
      this.#counted.push({ atMs, metricName, value: BigInt(value), isAdjustment: true });
    } else {
      this.refused += 1;
    }
    return kept?.isNew === true;
  }

  /** Goes on to when the running period is due, and closes what is due, each period by so many runs at once. */
  async close(runs: number): Promise<void> {
    await this.passPeriod();
    await this.closeDue(runs);
  }

  /** Lets the running period end, and its grace. */
  async passPeriod(): Promise<void> {
    await extendAll(this.#fixture, this.nowMs);
    const [row] = await this.#fixture.raw(
      `select (extract(epoch from min(period_end)) * 1000)::bigint as end_ms from billing_periods
       where customer_id = $1 and period_end > to_timestamp($2::bigint / 1000.0)`,
      [this.customerId, this.nowMs],
    );
    this.nowMs = Math.max(this.nowMs, Number(row?.["end_ms"]) + GRACE_MS);
    await extendAll(this.#fixture, this.nowMs);
  }

  async closeDue(runs: number): Promise<void> {
    const { database } = this.#fixture;
    const due = await duePeriods(database, this.nowMs - GRACE_MS, this.nowMs, 1000);
    const own = due.filter(({ customerId }) => customerId === this.customerId);
    const versions = new CatalogVersions(database);
    await Promise.all(
      own.flatMap((period) =>
        Array.from({ length: runs }, () =>
          billAndClose(
            {
              database,
              versions,
              sendZeroInvoices: false,
              randomId: () => crypto.randomUUID(),
              repair: async () => undefined,
            },
            period,
            this.nowMs,
          ),
        ),
      ),
    );
  }

  /** Makes its newest invoice void, as an operator does. */
  async voidNewest(): Promise<void> {
    await this.#fixture.raw(
      `update invoices set status = 'void' where customer_id = $1 and period_start = (
        select max(period_start) from invoices where customer_id = $1)`,
      [this.customerId],
    );
  }

  /** Makes an invoice void and anew, by so many runs at once, as an operator does; `nth` counts from the newest, over all of them. */
  async reissue(nth: number, runs: number): Promise<void> {
    const { database, raw } = this.#fixture;
    const billed = await this.invoices();
    const invoice = billed[billed.length - 1 - (nth % Math.max(1, billed.length))];
    if (invoice === undefined) {
      return;
    }
    const { invoiceId } = invoice;
    await raw("update invoices set status = 'void' where invoice_id = $1", [invoiceId]);
    await requestVoid(
      database,
      { invoiceId, reason: "r", requestedBy: "admin", isReissue: true },
      this.nowMs,
    );
    const deps = { database, sendZeroInvoices: false, randomId: () => crypto.randomUUID() };
    await Promise.all(Array.from({ length: runs }, () => reissueInvoice(deps, invoice, this.nowMs)));
  }

  /** Its invoices that are not void, the oldest first. */
  async invoices(): Promise<Invoice[]> {
    const found = await listInvoices(
      this.#fixture.database,
      { customerId: this.customerId },
      1000,
      undefined,
    );
    const billed = found.filter(({ status }) => status !== "void");
    return billed.toSorted((left, right) => left.period.startMs - right.period.startMs);
  }

  /** What an invoice's period has by now, priced as it was: by its own changes of plan. */
  usageOf({ snapshot }: Invoice): PeriodUsage {
    const usage = snapshot.usage!;
    const cuts = usage.changes.slice(1).map(({ fromMs }) => fromMs);
    const bounds = [usage.period.startMs, ...cuts, usage.period.endMs];
    const totals = bounds.slice(1).map((toMs, part) => this.#totals(bounds[part]!, toMs));
    return { ...usage, totals };
  }

  #totals(fromMs: number, toMs: number): MetricTotal[] {
    const inside = this.#counted.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    return Object.entries(SCALES).flatMap(([metricName, scale]) => {
      const own = inside.filter((counted) => counted.metricName === metricName);
      const used = own.filter(({ isAdjustment }) => !isAdjustment).map(({ value }) => value);
      const merged =
        metricName === "seats"
          ? used.reduce((largest, value) => (value > largest ? value : largest), 0n)
          : used.reduce((sum, value) => sum + value, 0n);
      const adjusted = own
        .filter(({ isAdjustment }) => isAdjustment)
        .reduce((sum, { value }) => sum + value, 0n);
      return own.length === 0 ? [] : [{ metricName, value: formatScaled(merged + adjusted, scale) }];
    });
  }
}

/** Decimals of what is summed: of an exact amount, sixteen. */
export const SUM_SCALE = 20;

/** Sums decimals, at a scale that is finer than any of a test. */
export function sumOf(texts: readonly string[]): bigint {
  return texts.reduce((sum, text) => sum + scaledTo(parseDecimal(text)!, SUM_SCALE)!, 0n);
}
