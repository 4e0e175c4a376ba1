import type { Access, Scope } from "../../src/domain/access.ts";

/** Knows one key and nobody else, for routes that are tried without stores of keys. */
export function knownBy(key: string, scope: Scope): Access {
  return {
    identify: async (presented) =>
      presented === key
        ? { caller: { kind: "key", id: "test", scope }, afterwards: undefined }
        : { refused: "unknown" },
    invoiceCustomer: async () => undefined,
    limiter: undefined,
  };
}
