/** What is told of one customer: to that customer's endpoints, and to those of the deployment. */
export const CUSTOMER_TYPES = [
  "usage.threshold_reached",
  "spend.threshold_reached",
  "budget.threshold_reached",
  "budget.forecast_exceeded",
  "limit.reached",
] as const;

/** What is told to the deployment's own endpoints only, also where it is about a customer. */
export const OPERATOR_TYPES = [
  "invoice.created",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.blocked",
  "integrity.drift_detected",
  "operations.flush_delayed",
  "operations.redis_reset",
] as const;

/** Every type of notification. */
export const NOTIFICATION_TYPES = [...CUSTOMER_TYPES, ...OPERATOR_TYPES] as const;

export type CustomerType = (typeof CUSTOMER_TYPES)[number];
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** True for a type that goes to the customer it concerns. */
export function isCustomerType(type: string): type is CustomerType {
  return (CUSTOMER_TYPES as readonly string[]).includes(type);
}
