import { DAY_MS } from "../../src/domain/window.ts";
import * as deliveries from "../../src/ledger/deliveries.ts";
import * as deliveryMaking from "../../src/ledger/delivery-making.ts";
import * as notificationList from "../../src/ledger/notification-list.ts";
import { pruneNotifications } from "../../src/ledger/notification-retention.ts";
import * as webhookEndpoints from "../../src/ledger/webhook-endpoints.ts";
import { FILLED_MS as NOW_MS } from "./filled-ledger.ts";
import { call, LATER, LONGEST_PAGE, PAGE, several, type LedgerCall } from "./ledger-call.ts";

const ENDPOINT = { endpointId: "whe_new", url: "https://example.com/", types: null, secret: "sealed" };
const TERMS = { nowMs: NOW_MS, giveUpMs: NOW_MS + 4 * DAY_MS, hasEmail: true };
const CLAIM_TERMS = {
  claimId: "run",
  nowMs: NOW_MS,
  leaseEndMs: NOW_MS + 300_000,
  limit: 1000,
  perTarget: 300,
};
const SETTLED = { notificationId: "ntf_42", target: "whe_13", claimId: "run", failure: null, isSlow: true };
const ATTEMPT = { attemptedMs: NOW_MS, durationMs: 5, status: 410, failure: "status", response: "" };

/** What requests and runs ask of endpoints, notifications and deliveries. */
export const NOTIFICATION_CALLS: readonly LedgerCall[] = [
  call(webhookEndpoints.insertEndpoint, "a customer's", { ...ENDPOINT, customerId: "cus_7" }, NOW_MS),
  call(
    webhookEndpoints.insertEndpoint,
    "the deployment's",
    { ...ENDPOINT, endpointId: "whe_newer", customerId: null },
    NOW_MS,
  ),
  call(webhookEndpoints.getEndpoint, "one", "whe_8"),
  call(webhookEndpoints.listEndpoints, "the first page", undefined, PAGE, undefined),
  call(webhookEndpoints.listEndpoints, "the longest page", undefined, LONGEST_PAGE, undefined),
  call(webhookEndpoints.listEndpoints, "a later page", undefined, PAGE, LATER),
  call(webhookEndpoints.listEndpoints, "a customer's", "cus_7", PAGE, undefined),
  call(webhookEndpoints.rotateSecret, "one", "whe_8", "sealed too", NOW_MS),
  call(webhookEndpoints.enableEndpoint, "one", "whe_8"),
  call(webhookEndpoints.deleteEndpoint, "one", "whe_40", NOW_MS),
  call(deliveryMaking.addressNotifications, "a page", TERMS, 500),
  call(deliveryMaking.redeliver, "to all", "ntf_42", TERMS, {}),
  call(deliveryMaking.redeliver, "to one", "ntf_42", TERMS, { endpointId: "whe_13", kind: "webhook" }),
  call(deliveries.claimDeliveries, "a run's", { ...CLAIM_TERMS, beginAfter: "whe_1" }),
  call(
    deliveries.settleDelivery,
    "delivered",
    { ...SETTLED, attempt: null, settlement: { state: "delivered" } },
    NOW_MS,
  ),
  call(
    deliveries.settleDelivery,
    "gone",
    { ...SETTLED, attempt: ATTEMPT, settlement: { state: "failed", disables: true } },
    NOW_MS,
  ),
  call(
    deliveries.releaseDeliveries,
    "a run's",
    "run",
    several(300, (n) => ({ notificationId: `ntf_${n}`, target: "whe_9", dueMs: NOW_MS, failure: "late" })),
    NOW_MS,
  ),
  call(deliveries.nextDue, "it"),
  ...[undefined, LATER].flatMap((after) => {
    const page = after === undefined ? "the first page" : "a later page";
    const listed = (asked: string, filter: notificationList.NotificationFilter): LedgerCall =>
      call(notificationList.listNotifications, `${page} ${asked}`, filter, PAGE, after);
    return [
      listed("of all", {}),
      listed("of a customer's", { customerId: "cus_7" }),
      listed("of a type", { type: "operations.flush_delayed" }),
      listed("of a type that is not there", { type: "limit.reached" }),
      ...notificationList.DELIVERY_STATES.map((state) => listed(`of ${state} ones`, { state })),
      listed("of a customer's failed ones", { state: "failed", customerId: "cus_7" }),
    ];
  }),
  call(notificationList.getNotification, "one", "ntf_42"),
  call(notificationList.listAttempts, "one's", "ntf_42", 500),
  call(pruneNotifications, "a run's", NOW_MS - 90 * DAY_MS, 20_000),
];
