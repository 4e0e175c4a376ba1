import type { Operation } from "./operation.ts";
import { accessOperations } from "./operations/access.ts";
import { catalogOperations } from "./operations/catalog.ts";
import { customerOperations } from "./operations/customers.ts";
import { eventOperations } from "./operations/events.ts";
import { invoiceOperations } from "./operations/invoices.ts";
import { notificationOperations } from "./operations/notifications.ts";
import { systemOperations } from "./operations/system.ts";
import { usageOperations } from "./operations/usage.ts";

/** Every route of the app. A test fails where the app has another. */
export const OPERATIONS: readonly Operation[] = [
  ...eventOperations,
  ...usageOperations,
  ...customerOperations,
  ...catalogOperations,
  ...invoiceOperations,
  ...notificationOperations,
  ...accessOperations,
  ...systemOperations,
];
