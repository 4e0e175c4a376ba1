import type { Stripe } from "stripe";
import { exclusiveParameters, invalidParameter, missingParameter, resourceMissing } from "./errors.ts";
import { parameterName } from "./parameters/name.ts";

/** The parameters of an item or a line that say what it costs. */
export interface AmountParams {
  amount?: number;
  quantity?: number;
  quantity_decimal?: Stripe.Decimal;
  unit_amount_decimal?: Stripe.Decimal;
  price_data?: {
    currency: string;
    product?: string;
    unit_amount?: number;
    unit_amount_decimal?: Stripe.Decimal;
  };
  pricing?: { price?: string };
}

/** Decimal strings as on the wire; the amount is in minor units. */
export interface ItemAmount {
  amount: number;
  quantityDecimal: string;
  unitAmountDecimal: string;
}

const SCALE = 12;

/** Refuses parameters that contradict each other; `path` names the line, as in `lines[0]`. */
export function checkAmountParams(params: AmountParams, path = ""): void {
  const name = (...fields: string[]) => parameterName(path, ...fields);
  const { amount, price_data: priceData, pricing } = params;
  if (amount !== undefined) {
    for (const other of [
      "quantity",
      "quantity_decimal",
      "unit_amount_decimal",
      "price_data",
      "pricing",
    ] as const) {
      if (params[other] !== undefined) {
        throw exclusiveParameters(name("amount"), ["amount", other]);
      }
    }
  }
  if (params.quantity !== undefined && params.quantity_decimal !== undefined) {
    throw exclusiveParameters(name("quantity"), ["quantity", "quantity_decimal"]);
  }
  if (priceData !== undefined && pricing !== undefined) {
    throw exclusiveParameters(name("price_data"), ["price_data", "pricing"]);
  }
  if (priceData !== undefined && params.unit_amount_decimal !== undefined) {
    throw exclusiveParameters(name("price_data"), ["price_data", "unit_amount_decimal"]);
  }
  if (priceData?.unit_amount !== undefined && priceData.unit_amount_decimal !== undefined) {
    throw exclusiveParameters(name("price_data", "unit_amount"), ["unit_amount", "unit_amount_decimal"]);
  }
  if (
    priceData !== undefined &&
    priceData.unit_amount === undefined &&
    priceData.unit_amount_decimal === undefined
  ) {
    throw missingParameter(name("price_data", "unit_amount"));
  }
  if (String(params.quantity_decimal ?? "").startsWith("-")) {
    throw invalidParameter(name("quantity_decimal"), "This value must be greater than or equal to 0.");
  }
  if (pricing?.price !== undefined) {
    throw resourceMissing("price", pricing.price, name("pricing", "price"), 400);
  }
}

/** What the parameters make of the current amount; undefined when they do not say and there is none. */
export function amountFrom(params: AmountParams, current?: ItemAmount): ItemAmount | undefined {
  if (params.amount !== undefined) {
    return { amount: params.amount, quantityDecimal: "1", unitAmountDecimal: String(params.amount) };
  }
  const unit =
    params.price_data?.unit_amount ??
    params.price_data?.unit_amount_decimal ??
    params.unit_amount_decimal ??
    current?.unitAmountDecimal;
  if (unit === undefined) {
    return undefined;
  }
  const quantityDecimal = String(params.quantity ?? params.quantity_decimal ?? current?.quantityDecimal ?? 1);
  const unitAmountDecimal = String(unit);
  return { amount: multiply(unitAmountDecimal, quantityDecimal), quantityDecimal, unitAmountDecimal };
}

/** Exact product of two decimals, rounded once, half away from zero. */
function multiply(left: string, right: string): number {
  const product = scaled(left) * scaled(right);
  const unit = 10n ** BigInt(2 * SCALE);
  const magnitude = product < 0n ? -product : product;
  const rounded = (magnitude * 2n + unit) / (unit * 2n);
  return Number(product < 0n ? -rounded : rounded);
}

function scaled(decimal: string): bigint {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return BigInt(whole + fraction.padEnd(SCALE, "0"));
}
