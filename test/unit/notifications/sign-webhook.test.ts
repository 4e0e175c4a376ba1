import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { assert, asyncProperty, json, uint8Array, uuid } from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { newSecret, signedHeaders } from "../../../src/notifications/sign-webhook.ts";

const VECTORS = new URL("../../../../shared/vectors/webhook_vectors.json", import.meta.url);
// Figures of the Standard Webhooks libraries' own tests.
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  attemptMs: 1_614_265_330_000,
  body: '{"test": 2432232314}',
};
const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

test("signing: gives the standard's own signature, under its headers", async () => {
  expect(await signedHeaders(MESSAGE, [SECRET])).toEqual({
    "webhook-id": MESSAGE.id,
    "webhook-timestamp": "1614265330",
    "webhook-signature": SIGNATURE,
  });
});

test.skipIf(!existsSync(VECTORS))(
  "signing: gives the signature of every valid case of the vectors",
  async () => {
    const { standard_webhooks: vectors } = JSON.parse(readFileSync(VECTORS, "utf8")) as {
      standard_webhooks: {
        secret: string;
        payload: string;
        cases: { ok: boolean; secret?: string; payload?: string; headers: Record<string, string> }[];
      };
    };
    const valid = vectors.cases.filter(({ ok }) => ok);
    expect(valid.length).toBeGreaterThanOrEqual(3);
    for (const { secret, payload, headers } of valid) {
      const signed = await signedHeaders(
        {
          id: headers["webhook-id"] ?? "",
          attemptMs: Number(headers["webhook-timestamp"]) * 1000,
          body: payload ?? vectors.payload,
        },
        [secret ?? vectors.secret],
      );
      expect(headers["webhook-signature"]?.split(" ")).toContain(signed["webhook-signature"]);
    }
  },
);

test.each([
  [1_614_265_330_000, "1614265330"],
  [1_614_265_330_999, "1614265330"],
  [1_614_265_331_000, "1614265331"],
])("signing: an attempt at %i ms is of second %s", async (attemptMs, timestamp) => {
  const headers = await signedHeaders({ ...MESSAGE, attemptMs }, [SECRET]);
  expect(headers["webhook-timestamp"]).toBe(timestamp);
});

describe("another's verifier", () => {
  const id = uuid().map((text) => `ntf_${text}`);
  const secret = uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => newSecret(() => bytes));

  test("accepts what is signed, whatever it says", async () => {
    await assert(
      asyncProperty(id, json(), secret, async (messageId, body, ofEndpoint) => {
        const message = { id: messageId, attemptMs: Date.now(), body };
        const headers = await signedHeaders(message, [ofEndpoint]);
        expect(new Webhook(ofEndpoint).verify(body, headers)).toEqual(JSON.parse(body));
      }),
    );
  });

  test("accepts each of two secrets while both sign, and no third", async () => {
    const [current, before, other] = [1, 2, 3].map(() => newSecret(randomBytes));
    const message = { ...MESSAGE, attemptMs: Date.now() };
    const headers = await signedHeaders(message, [current ?? "", before ?? ""]);
    expect(headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
    for (const valid of [current, before]) {
      expect(new Webhook(valid ?? "").verify(message.body, headers)).toEqual({ test: 2_432_232_314 });
    }
    expect(() => new Webhook(other ?? "").verify(message.body, headers)).toThrow("No matching signature");
  });

  test.each([
    ["another body", { body: '{"test":2432232314}' }, {}],
    ["another id", {}, { "webhook-id": "msg_other" }],
    ["another time", {}, { "webhook-timestamp": String(Math.floor(Date.now() / 1000) - 7) }],
  ])(
    "refuses %s under the same signature",
    async (_name, { body = MESSAGE.body }: { body?: string }, changed) => {
      const headers = await signedHeaders({ ...MESSAGE, attemptMs: Date.now() }, [SECRET]);
      expect(() => new Webhook(SECRET).verify(body, { ...headers, ...changed })).toThrow(
        "No matching signature",
      );
    },
  );

  test("refuses what was signed six minutes ago", async () => {
    const headers = await signedHeaders({ ...MESSAGE, attemptMs: Date.now() - 360_000 }, [SECRET]);
    expect(() => new Webhook(SECRET).verify(MESSAGE.body, headers)).toThrow("too old");
  });
});

test("a new secret: whsec_ and 32 random bytes", () => {
  const asked: number[] = [];
  const secret = newSecret((length) => {
    asked.push(length);
    return new Uint8Array(length).fill(255);
  });
  expect(asked).toEqual([32]);
  expect(secret).toBe(`whsec_${Buffer.alloc(32, 255).toString("base64")}`);
});
