import type { Meter } from "../domain/meter.ts";
import { currencyOf, type Currency } from "../domain/money.ts";
import type { Price } from "../domain/price.ts";
import type { Catalog, Plan } from "./catalog.ts";
import { placeOf, type Fault, type FaultPath, type Place } from "./fault-place.ts";
import { checkAmount, checkPrice, checkSpends } from "./price-check.ts";

/** Most names that a fault lists. */
const MAX_LISTED = 10;

/**
 * Tells every fault of a catalog that its shape alone does not show.
 *
 * `faulty` are the paths at which the shape is wrong: there the catalog is not what its type says, and rules are silent.
 */
export function checkCatalog(catalog: Catalog, faulty: readonly FaultPath[], fault: Fault): void {
  const place = placeOf(fault, faulty);
  const meters = Array.isArray(catalog.meters) ? catalog.meters : [];
  const plans = Array.isArray(catalog.plans) ? catalog.plans : [];
  const currency = place.isSound(["currency"]) ? currencyOf(catalog.currency) : undefined;
  checkUnique(meters, place.at("meters"));
  checkUnique(plans, place.at("plans"));
  if (
    place.isSound(["defaultPlan"]) &&
    areNamed(plans, place.at("plans")) &&
    !plans.some((plan) => plan?.name === catalog.defaultPlan)
  ) {
    place.fault(["defaultPlan"], `no plan is named ${catalog.defaultPlan}; there are: ${listed(plans)}`);
  }
  for (const [index, plan] of plans.entries()) {
    if (isObject(plan)) {
      checkPlan(plan, meters, place.at("meters"), currency, place.at("plans", index));
    }
  }
}

/** Tells every fault of a customer's own prices that their shape alone does not show. */
export function checkPrices(
  prices: readonly Price[],
  meters: readonly Meter[],
  currency: Currency,
  fault: Fault,
): void {
  checkPriceList(
    prices,
    meters,
    placeOf(() => undefined, []),
    currency,
    placeOf(fault, []),
  );
}

function checkPlan(
  plan: Plan,
  meters: readonly Meter[],
  metersPlace: Place,
  currency: Currency | undefined,
  place: Place,
): void {
  if (currency !== undefined) {
    checkAmount(plan.baseFee, "baseFee", currency, place);
    checkSpends(plan, currency, place);
  }
  if (Array.isArray(plan.prices)) {
    checkPriceList(plan.prices, meters, metersPlace, currency, place.at("prices"));
  }
}

function checkPriceList(
  prices: readonly Price[],
  meters: readonly Meter[],
  metersPlace: Place,
  currency: Currency | undefined,
  place: Place,
): void {
  for (const [index, price] of prices.entries()) {
    // Of a model that is not known nothing else is known.
    if (!isObject(price) || !place.isSound([index, "model"]) || !place.isSound([index, "metricName"])) {
      continue;
    }
    const here = place.at(index);
    const meterIndex = meters.findIndex((meter) => meter?.name === price.metricName);
    const meter = meters[meterIndex];
    if (meter === undefined && areNamed(meters, metersPlace)) {
      here.fault(["metricName"], `no meter is named ${price.metricName}; there are: ${listed(meters)}`);
    } else if (meter !== undefined && metersPlace.isSound([meterIndex])) {
      checkPrice(price, meter, here);
    }
    if (currency !== undefined) {
      checkSpends(price, currency, here);
    }
    const first = prices.findIndex((other) => other?.metricName === price.metricName);
    if (first !== index) {
      here.fault(["metricName"], `${price.metricName} has a price already, the one at ${first}: keep one`);
    }
  }
}

function checkUnique(named: readonly { name: string }[], place: Place): void {
  const seen = new Map<string, number>();
  for (const [index, part] of named.entries()) {
    if (isObject(part) && place.isSound([index, "name"])) {
      const first = seen.get(part.name);
      if (first !== undefined) {
        place.fault([index, "name"], `${part.name} is there twice, first at ${first}: give it another name`);
      }
      seen.set(part.name, first ?? index);
    }
  }
}

/** Whether all names can be read: else what seems to be missing may be what has none. */
function areNamed(named: readonly unknown[], place: Place): boolean {
  return named.every((part, index) => isObject(part) && place.isSound([index, "name"]));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Names of a fault's message; not more than a person reads. */
function listed(named: readonly { name: string }[]): string {
  const names = named.map((part) => part?.name).filter((name) => typeof name === "string");
  const rest = names.length > MAX_LISTED ? ", …" : "";
  return names.length === 0 ? "none" : `${names.slice(0, MAX_LISTED).join(", ")}${rest}`;
}
