/** A price as one would keep it in a config: numbers, in cents or in dollars. */
export interface NaivePrice {
  metric: string;
  model: "graduated" | "volume" | "package" | "perUnit";
  tiers?: { upTo: number; unitPrice: number }[];
  unitPrice?: number;
  packageSize?: number;
  included?: number;
}

/** Rates a customer as it is usually written: floats, the same models, each line rounded to whole cents. */
export function naiveBill(
  prices: readonly NaivePrice[],
  quantities: Readonly<Record<string, number>>,
  centsOfUnit = 1,
): { lines: { metric: string; quantity: number; amount: number }[]; total: number } {
  const lines = [];
  let total = 0;
  for (const price of prices) {
    const quantity = quantities[price.metric] ?? 0;
    const amount = Math.round(amountOf(price, quantity) * centsOfUnit);
    lines.push({ metric: price.metric, quantity, amount });
    total += amount;
  }
  return { lines, total };
}

function amountOf(
  { model, tiers = [], unitPrice = 0, packageSize = 1, included = 0 }: NaivePrice,
  quantity: number,
): number {
  switch (model) {
    case "graduated": {
      let amount = 0;
      let lower = 0;
      for (const tier of tiers) {
        if (quantity <= lower) {
          break;
        }
        amount += (Math.min(quantity, tier.upTo) - lower) * tier.unitPrice;
        lower = tier.upTo;
      }
      return amount;
    }
    case "volume":
      return quantity * (tiers.find(({ upTo }) => quantity <= upTo)?.unitPrice ?? 0);
    case "package":
      return Math.ceil(Math.max(0, quantity - included) / packageSize) * unitPrice;
    case "perUnit":
      return Math.max(0, quantity - included) * unitPrice;
  }
}
