import * as apiKeys from "../../src/ledger/api-keys.ts";
import { invoiceCustomer } from "../../src/ledger/invoice-owner.ts";
import { FILLED_MS as NOW_MS } from "./filled-ledger.ts";
import { call, LATER, LONGEST_PAGE, PAGE, type LedgerCall } from "./ledger-call.ts";

const KEY = {
  keyId: "key_new",
  sha256: "ab".repeat(32),
  prefix: "em_read_abcdef",
  scope: "read",
  name: "New",
  createdBy: "ADMIN_KEY",
  expiresMs: null,
} as const;

/** What is asked to know who asks. */
export const ACCESS_CALLS: LedgerCall[] = [
  call(apiKeys.insertApiKey, "one", KEY, NOW_MS),
  call(apiKeys.findApiKey, "one", KEY.sha256, 3000),
  call(apiKeys.listApiKeys, "the first page", PAGE, undefined),
  call(apiKeys.listApiKeys, "a later page", LONGEST_PAGE, LATER),
  call(apiKeys.noteKeyUse, "one", "key_7", NOW_MS, 3000),
  call(apiKeys.revokeApiKey, "one", "key_7", NOW_MS),
  call(invoiceCustomer, "one", "inv_201"),
];
