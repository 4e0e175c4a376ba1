import type { Stripe } from "stripe";
import * as rule from "./rules.ts";

export const EVENT_LIST = rule.table<Stripe.EventListParams>()({
  ...rule.paging,
  created: rule.range,
  delivery_success: rule.boolean,
  expand: rule.expand,
  type: rule.text(5000),
  types: rule.list(rule.id, 20),
});

export const EVENT_RETRIEVE = rule.table<Stripe.EventRetrieveParams>()({ expand: rule.expand });
