import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MINUTE_MS } from "../../../src/domain/window.ts";
import { rotateSecret } from "../../../src/ledger/webhook-endpoints.ts";
import { type DeliveryFixture, startDeliveryFixture } from "../../support/delivery-fixture.ts";
import { tell } from "../../support/notified.ts";
import {
  acknowledge,
  startReceiver,
  verified,
  type WebhookReceiver,
} from "../../support/webhook-receiver.ts";

/** Ahead of the real clock, by which leases are kept too. */
const NOW_MS = Date.parse("2126-11-23T12:00:00Z");

let fixture: DeliveryFixture;
let receiver: WebhookReceiver;

beforeAll(async () => {
  [fixture, receiver] = await Promise.all([startDeliveryFixture(), startReceiver()]);
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  receiver.answer = acknowledge;
  receiver.received.length = 0;
});
afterAll(() => Promise.all([fixture.stop(), receiver.stop()]));

function told(subject: string, changes: Parameters<typeof tell>[3] = {}, atMs = NOW_MS): Promise<void> {
  return tell(fixture.ledger.database, subject, atMs, changes);
}

async function putCustomer(customerId: string, settings: object): Promise<void> {
  await fixture.ledger.raw(
    "insert into customers (customer_id, settings, created_at, updated_at) values ($1, $2, now(), now())",
    [customerId, JSON.stringify(settings)],
  );
}

describe("secrets", () => {
  test("while two are valid, both sign; then the new one alone", async () => {
    const before = await fixture.endpoint("1", receiver.url);
    const sealed = await fixture.box.seal("whe_1", "whsec_bmV3IHNlY3JldCBvZiB0aGUgZW5kcG9pbnQ=");
    const realMs = Date.now();
    await rotateSecret(fixture.ledger.database, "whe_1", sealed, realMs + MINUTE_MS);
    await told("n1");
    await fixture.run(NOW_MS);
    await told("n2", {}, NOW_MS + 1);
    await fixture.run(NOW_MS + MINUTE_MS, { now: () => realMs + MINUTE_MS });
    const [first, second] = receiver.received.map(
      ({ headers }) => headers["webhook-signature"]?.split(" ").length,
    );
    expect([first, second]).toEqual([2, 1]);
    for (const secret of [before, "whsec_bmV3IHNlY3JldCBvZiB0aGUgZW5kcG9pbnQ="]) {
      expect(verified(secret, receiver.received[0]!)).toBeDefined();
    }
    expect(() => verified(before, receiver.received[1]!)).toThrow("No matching signature found");
  });

  test.each([
    ["no key to read it with", { secretBox: undefined }, "not_configured"],
    ["one sealed under another key", {}, "secret_unreadable"],
  ])("%s: nothing is sent, and it is tried again", async (_name, changes, failure) => {
    await fixture.endpoint("1", receiver.url, { secret: "v1.AAAA.BBBB" });
    await told("told");
    expect(await fixture.run(NOW_MS, changes)).toMatchObject({ attempts: 1, failed: 1 });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure, dueMs: NOW_MS + 5_000 }]);
    expect(receiver.received).toEqual([]);
  });

  test("an address that is not allowed any more: nothing is sent, and it is tried again", async () => {
    await fixture.endpoint("1", receiver.url);
    await told("told");
    await fixture.run(NOW_MS, { allowPrivate: false });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure: "address_refused" }]);
    expect(receiver.received).toEqual([]);
  });
});

describe("e-mail", () => {
  beforeEach(() => putCustomer("cus_acme", { email: "billing@acme.example", name: "Acme <Ltd>" }));

  test("addresses that fail without a code keep no other customer from being written to", async () => {
    for (const name of ["bad1", "bad2", "bad3", "good"]) {
      await putCustomer(`cus_${name}`, { email: `${name}@acme.example` });
      await told(name, { customerId: `cus_${name}` });
    }
    const sent: string[] = [];
    const send = async ({ to }: { to: string }): Promise<void> => {
      if (to.startsWith("bad")) {
        throw new Error("no such address");
      }
      sent.push(to);
    };
    expect(await fixture.run(NOW_MS, { email: { from: "meter@example.com", send } })).toMatchObject({
      delivered: 1,
      failed: 3,
      released: 0,
    });
    expect(sent).toEqual(["good@acme.example"]);
  });
  const data = { metric: "api_calls", current: "9000", included: "10000" };

  test("goes to the customer's address, in text and HTML", async () => {
    await told("told", { data });
    expect(await fixture.run(NOW_MS)).toMatchObject({ attempts: 1, delivered: 1 });
    const [{ notification_id: id } = {}] = await fixture.ledger.raw(
      "select notification_id from notifications",
    );
    expect(fixture.mails).toEqual([
      {
        to: "billing@acme.example",
        from: "meter@example.com",
        subject: "api_calls: 90 % of what is included is used",
        text: expect.stringContaining("Hello Acme <Ltd>,"),
        html: expect.stringContaining("Hello Acme &lt;Ltd&gt;,"),
        headers: { "X-Notification-Id": id },
      },
    ]);
  });

  test("goes to nobody for what is the operator's", async () => {
    await told("told", { type: "invoice.created" });
    await told("drift", { type: "integrity.drift_detected" });
    expect(await fixture.run(NOW_MS)).toMatchObject({ addressed: 2, attempts: 0 });
  });

  test("is not made where none is sent, and waits where none is sent any more", async () => {
    await told("n1");
    expect(await fixture.run(NOW_MS, { email: undefined })).toMatchObject({ addressed: 1, attempts: 0 });
    expect(await fixture.deliveries()).toEqual([]);
    await told("n2", {}, NOW_MS + 1);
    const send = (): Promise<never> => Promise.reject(new Error("it is away"));
    await fixture.run(NOW_MS, { email: { from: "meter@example.com", send } });
    await fixture.run(NOW_MS + MINUTE_MS, { email: undefined });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure: "email_not_configured" }]);
  });

  test.each([
    [
      "it is refused",
      Object.assign(new Error("a@b is bad"), { code: "E_RECIPIENT_SUPPRESSED" }),
      "email_refused",
      "E_RECIPIENT_SUPPRESSED",
    ],
    ["the service is away", new Error("socket of billing@acme.example"), "unreachable", null],
    [
      "it fails with another code",
      Object.assign(new Error("x"), { code: "billing@acme.example" }),
      "unreachable",
      null,
    ],
  ])("is tried again when %s, and no address is written down", async (_name, error, failure, response) => {
    await told("told");
    const email = { from: "meter@example.com", send: () => Promise.reject(error) };
    expect(await fixture.run(NOW_MS, { email })).toMatchObject({ failed: 1 });
    expect(await fixture.deliveries()).toMatchObject([
      { target: "email", state: "pending", failure, dueMs: NOW_MS + 5_000 },
    ]);
    expect(await fixture.ledger.raw("select failure, response from delivery_attempts")).toEqual([
      { failure, response },
    ]);
    expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ delivered: 1 });
  });

  test("is tried again when the service does not answer in time", async () => {
    await told("told");
    const email = { from: "meter@example.com", send: () => new Promise<never>(() => undefined) };
    await fixture.run(NOW_MS, { email, timeoutMs: 20 });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure: "timeout" }]);
  });

  test("goes to the address that the customer has by then; to none when it has none", async () => {
    await told("told");
    const email = { from: "meter@example.com", send: () => Promise.reject(new Error("away")) };
    await fixture.run(NOW_MS, { email });
    await fixture.ledger.raw(`update customers set settings = '{"email":"new@acme.example"}'`);
    await fixture.run(NOW_MS + MINUTE_MS);
    expect(fixture.mails.map(({ to }) => to)).toEqual(["new@acme.example"]);
    await told("n2", {}, NOW_MS + 1);
    await fixture.run(NOW_MS + 2 * MINUTE_MS, { email });
    await fixture.ledger.raw("update customers set settings = '{}'");
    await fixture.run(NOW_MS + 3 * MINUTE_MS);
    expect((await fixture.deliveries())[1]).toMatchObject({ state: "pending", failure: "no_address" });
  });
});
