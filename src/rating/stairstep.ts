import type { RateQuantity } from "./line.ts";
import type { StairstepPrice } from "../domain/price.ts";
import { volume } from "./volume.ts";

/** Charges the flat fee of the one tier in which the quantity ends, and nothing by the unit. */
export function stairstep(price: StairstepPrice, scale: number): RateQuantity {
  return volume(price, scale);
}
