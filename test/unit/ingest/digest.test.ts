import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { digestId, type IdOrigin } from "../../../src/ingest/digest.ts";

test("digest: of an id is the same for ever, so that a repeat after a deploy is one", () => {
  expect(digestId("cus_acme", "event", "req_1")).toBe("LkqUdpoWHxxl8emjwoQiRI");
});

test("digest: is the first 132 bits of SHA-256 over customer, origin and id", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.constantFrom<IdOrigin>("event", "cloudevent", "batch", "key", "receipt"),
      fc.string({ unit: "binary" }),
      (customer, origin, id) => {
        const whole = createHash("sha256").update(JSON.stringify([customer, origin, id]));
        expect(digestId(customer, origin, id)).toBe(whole.digest("base64url").slice(0, 22));
      },
    ),
  );
});
