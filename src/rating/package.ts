import { powerOfTen } from "../domain/decimal.ts";
import { freeDetail } from "./free-units.ts";
import type { RateQuantity } from "./line.ts";
import type { PackagePrice } from "../domain/price.ts";
import { parseQuantity } from "../domain/quantity.ts";
import { parsePrice } from "../domain/unit-price.ts";

/** Prices what is past the included units by packages; one that is started is charged whole. */
export function packages(price: PackagePrice, scale: number): RateQuantity {
  const included = parseQuantity(price.includedFree ?? "0", scale);
  const size = parseQuantity(price.packageSize, scale);
  const packagePrice = parsePrice(price.packagePrice);
  const unit = powerOfTen(scale);
  return (quantity) => {
    const free = freeDetail(quantity, included);
    const tiers = free === undefined ? [] : [free];
    if (quantity <= included) {
      return { amount: 0n, tiers };
    }
    const charged = quantity - included;
    const count = (charged + size - 1n) / size;
    const amount = count * packagePrice * unit;
    tiers.push({
      from: included,
      to: null,
      quantity: charged,
      unitPrice: 0n,
      flatFee: 0n,
      packages: { count, size, price: packagePrice },
      amount,
    });
    return { amount, tiers };
  };
}
