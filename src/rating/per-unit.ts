import { freeDetail } from "./free-units.ts";
import type { RateQuantity } from "./line.ts";
import type { PerUnitPrice } from "../domain/price.ts";
import { parseQuantity } from "../domain/quantity.ts";
import { parsePrice } from "../domain/unit-price.ts";

/** Prices each unit past the included ones the same. */
export function perUnit(price: PerUnitPrice, scale: number): RateQuantity {
  const included = parseQuantity(price.includedFree ?? "0", scale);
  const unitPrice = parsePrice(price.unitPrice);
  return (quantity) => {
    const free = freeDetail(quantity, included);
    const tiers = free === undefined ? [] : [free];
    if (quantity <= included) {
      return { amount: 0n, tiers };
    }
    const charged = quantity - included;
    const amount = charged * unitPrice;
    tiers.push({
      from: included,
      to: null,
      quantity: charged,
      unitPrice,
      flatFee: 0n,
      packages: null,
      amount,
    });
    return { amount, tiers };
  };
}
