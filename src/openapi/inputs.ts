import * as z from "zod";
import { alertRuleSchema, alertRulesSchema } from "../domain/alert-rule.ts";
import { adjustmentSchema } from "../domain/adjustment.ts";
import { customerIdSchema, customerSettingsSchema } from "../domain/customer.ts";
import { MAX_DECIMAL_LENGTH } from "../domain/decimal.ts";
import { decimalSchema, eventSchema, timestampSchema } from "../domain/event.ts";
import { mergedUsageSchema } from "../domain/merged-usage.ts";
import { meterSchema } from "../domain/meter.ts";
import { amountSchema, priceSchema, tierBoundSchema } from "../domain/price.ts";
import { quantitySchema } from "../domain/quantity.ts";
import { unitPriceSchema } from "../domain/unit-price.ts";
import { momentSchema } from "../http/moment.ts";
import { DEFAULT_LIMIT, MAX_LIMIT, pagingParameters } from "../http/pagination.ts";
import { catalogSchema } from "../rating/catalog.ts";
import { named, noted } from "./named.ts";

const DECIMAL = "^-?\\d+(\\.\\d+)?$";

/** Says in keywords what the refinements of the schemas check that routes read by; tells nothing else. */
export function noteInputs(): void {
  notePaging();
  noteNumbers();
  noteDocuments();
}

function notePaging(): void {
  noted(pagingParameters.limit, {
    type: "integer",
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: "Items of a page.",
  });
  noted(pagingParameters.cursor, { description: "`nextCursor` of the page before." });
  noted(momentSchema, {
    description: "ISO 8601 with an offset, a date (its first moment in UTC) or epoch milliseconds.",
    examples: ["2026-11-01T00:00:00Z"],
  });
  noted(customerIdSchema, { description: "The customer's id.", examples: ["cus_acme"] });
}

function noteNumbers(): void {
  const inMajor = [
    { type: "number", minimum: 0 },
    { type: "string", pattern: "^\\d{1,15}(\\.\\d{1,3})?$" },
  ];
  const positive = [
    { type: "number", minimum: 0 },
    { type: "string", pattern: "^\\d+(\\.\\d+)?$" },
  ];
  named("AmountInput", amountSchema, {
    description: "An amount in major units, number or decimal string; not finer than its currency.",
    anyOf: inMajor,
    examples: ["99.00"],
  });
  named("QuantityInput", quantitySchema, {
    description: "A quantity in the meter's unit, number or decimal string, of at most 9 decimals.",
    anyOf: positive,
    examples: [10000],
  });
  named("TierBoundInput", tierBoundSchema, {
    description: "Where a tier ends, itself included; null: nowhere.",
    anyOf: [...positive, { type: "null" }],
    examples: [10000],
  });
  named("UnitPriceInput", unitPriceSchema, {
    description: "In minor units of the currency, number or decimal string, of at most 12 decimals.",
    anyOf: positive,
    examples: ["0.05"],
  });
  named("DecimalInput", decimalSchema, {
    description: "A number or a plain decimal string.",
    anyOf: [{ type: "number" }, { type: "string", pattern: DECIMAL, maxLength: MAX_DECIMAL_LENGTH }],
    examples: ["12.5"],
  });
  named("TimestampInput", timestampSchema, {
    description: "ISO 8601 with an offset, or epoch milliseconds.",
    examples: ["2026-11-23T12:00:00.000Z"],
  });
  noted(adjustmentSchema.shape.quantity, {
    description: "In the meter's unit; maybe negative.",
    anyOf: [{ type: "number" }, { type: "string", pattern: DECIMAL, maxLength: 40 }],
  });
  noted(customerSettingsSchema.shape.budget, {
    description: "A month's budget in major units of the catalog's currency.",
    anyOf: inMajor,
    examples: ["500.00"],
  });
}

function noteDocuments(): void {
  named("Meter", meterSchema, { description: "What is counted and how." });
  named("Price", priceSchema, {
    description: "One metric's price. Unit prices and fees in minor units, spends in major ones.",
  });
  named("Catalog", catalogSchema, { description: "Meters and plans, published whole." });
  named("AlertRule", alertRuleSchema);
  named("AlertRules", alertRulesSchema);
  named("Adjustment", adjustmentSchema);
  // POST /v1/events reads events of the usual shape by hand, faster than by these schemas, and by these whatever else
  // comes: test/unit/domain/usual-input.test.ts holds both together, test/unit/openapi/event-schemas.test.ts this to both.
  named("Event", eventSchema, { description: "One event. Unknown members are refused." });
  named("MergedUsage", mergedUsageSchema, {
    description: "One series of one customer and hour, merged by the SDK.",
  });
}

/** `{id}` of a customer's path. */
export const customerParams = z.object({ id: customerIdSchema });

/** `{id}` of an invoice's, an endpoint's or a notification's path. */
export const idParams = z.object({ id: z.string().min(1) });
