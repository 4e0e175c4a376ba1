import { powerOfTen } from "../domain/decimal.ts";
import { freeDetail } from "./free-units.ts";
import type { RateQuantity } from "./line.ts";
import type { FlatPrice } from "../domain/price.ts";
import { parseQuantity } from "../domain/quantity.ts";
import { parsePrice } from "../domain/unit-price.ts";

/** Charges one fee for any usage past the included units; without included units for none, too. */
export function flat(price: FlatPrice, scale: number): RateQuantity {
  const included = parseQuantity(price.includedFree ?? "0", scale);
  const flatFee = parsePrice(price.flatFee);
  const amount = flatFee * powerOfTen(scale);
  return (quantity) => {
    const free = freeDetail(quantity, included);
    const tiers = free === undefined ? [] : [free];
    if (included > 0n && quantity <= included) {
      return { amount: 0n, tiers };
    }
    const charged = quantity > included ? quantity - included : 0n;
    tiers.push({
      from: included,
      to: null,
      quantity: charged,
      unitPrice: 0n,
      flatFee,
      packages: null,
      amount,
    });
    return { amount, tiers };
  };
}
