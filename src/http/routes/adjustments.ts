import { Hono } from "hono";
import type { Deps } from "../../deps.ts";
import {
  adjustmentSchema,
  isSameAdjustment,
  quantityFault,
  type Adjustment,
} from "../../domain/adjustment.ts";
import { FUTURE_LIMIT_MS } from "../../domain/event.ts";
import { isoTime } from "../../domain/window.ts";
import {
  getAdjustment,
  insertAdjustment,
  listAdjustments,
  type StoredAdjustment,
} from "../../ledger/adjustments.ts";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import type { Catalog } from "../../rating/catalog.ts";
import { requireScope } from "../auth.ts";
import { checked, readJson } from "../body.ts";
import { checkAlertsNow } from "../../alerts/check-now.ts";
import { readCustomerId } from "../customer-id.ts";
import { page, pageQuerySchema, readPage, type Position } from "../pagination.ts";
import { ApiProblem, type InputFault } from "../problem.ts";
import { readQuery } from "../query.ts";

const INVALID = "the adjustment is not valid; nothing was adjusted";
/** The only scope that may adjust. */
const CREATED_BY = "admin";

/** `/v1/customers/{id}/adjustments`: corrections of usage, added and never edited. */
export function adjustmentRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.post("/v1/customers/:id/adjustments", requireScope(deps.keys, "admin"), async (context) => {
    const customerId = readCustomerId(context);
    const { id, at, ...rest } = checked(adjustmentSchema, await readJson(context), INVALID);
    const adjustment = { customerId, adjustmentId: id, atMs: at, ...rest };
    const nowMs = deps.now();
    const [known, latest] = await Promise.all([
      getAdjustment(deps.database, customerId, id),
      latestCatalog(deps.database),
    ]);
    // A repeat gets the same answer, whatever has become of the catalog or the period since.
    if (known !== undefined) {
      const repeated = same(known, adjustment);
      // The first may have died before it had checked.
      await checkAlertsNow(deps, customerId, nowMs, adjustment.atMs);
      return context.json(adjustmentDocument(repeated), 200);
    }
    checkAgainstCatalog(adjustment, latest?.catalog, nowMs);
    const kept = await insertAdjustment(deps.database, adjustment, CREATED_BY, nowMs);
    if (kept === undefined) {
      throw invalid(
        "no invoice to come would have it: `at` lies further back than the last three closed periods, in one that was not invoiced, or before the customer's first; adjust a later period",
        [{ path: "at", message: "lies beyond the reach of true-ups, or before the first period" }],
      );
    }
    const stored = same(kept.adjustment, adjustment);
    await checkAlertsNow(deps, customerId, nowMs, adjustment.atMs);
    return context.json(adjustmentDocument(stored), kept.isNew ? 201 : 200);
  });

  routes.get("/v1/customers/:id/adjustments", requireScope(deps.keys, "read"), async (context) => {
    const customerId = readCustomerId(context);
    const { limit, after } = readPage(readQuery(context.req.url, pageQuerySchema).parameters);
    const adjustments = await listAdjustments(deps.database, customerId, limit + 1, after);
    return context.json(page(adjustments, limit, position, adjustmentDocument));
  });

  return routes;
}

/** The adjustment that is kept, if it is the one that was sent. */
function same(kept: StoredAdjustment, sent: Adjustment): StoredAdjustment {
  if (!isSameAdjustment(kept, sent)) {
    throw new ApiProblem("conflict", "this id stands for another adjustment of the customer; take a new one");
  }
  return kept;
}

function checkAgainstCatalog(adjustment: Adjustment, catalog: Catalog | undefined, nowMs: number): void {
  const meter = catalog?.meters.find(({ name }) => name === adjustment.metricName);
  const errors: InputFault[] = [];
  if (meter === undefined) {
    errors.push({ path: "metricName", message: "the catalog has no meter of that name" });
  }
  const fault = meter && quantityFault(adjustment.quantity, meter);
  if (fault !== undefined) {
    errors.push({ path: "quantity", message: fault });
  }
  if (adjustment.atMs > nowMs + FUTURE_LIMIT_MS) {
    errors.push({ path: "at", message: "is more than 5 minutes ahead" });
  }
  if (errors.length > 0) {
    throw invalid(INVALID, errors);
  }
}

function invalid(detail: string, errors: InputFault[]): ApiProblem {
  return new ApiProblem("invalid_content", detail, { errors });
}

function position({ createdAtMs, adjustmentId }: StoredAdjustment): Position {
  return { timeMs: createdAtMs, id: adjustmentId };
}

function adjustmentDocument(adjustment: StoredAdjustment): object {
  return {
    id: adjustment.adjustmentId,
    customerId: adjustment.customerId,
    metricName: adjustment.metricName,
    quantity: adjustment.quantity,
    at: isoTime(adjustment.atMs),
    reason: adjustment.reason,
    createdAt: isoTime(adjustment.createdAtMs),
    createdBy: adjustment.createdBy,
  };
}
