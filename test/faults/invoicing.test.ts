import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { expectOneInvoiceEach } from "../support/invoicing/audit.ts";
import { atCall, FATES, onCall, UNDISTURBED, type Fate, type FateOf } from "../support/invoicing/fates.ts";
import { InvoicingWorld } from "../support/invoicing/invoicing-world.ts";
import { startLedgerFixture, type LedgerFixture } from "../support/ledger-fixture.ts";
import { seeded } from "../support/product-load.ts";

let ledger: LedgerFixture;
let world: InvoicingWorld;

beforeAll(async () => {
  ledger = await startLedgerFixture();
});
beforeEach(async () => {
  world = await InvoicingWorld.begin(ledger, seeded(1));
});
afterEach(() => world.end());
afterAll(() => ledger.stop());

/** What is done at the call that fails; the state before it is reached by `before`. */
interface Situation {
  call: string;
  before: () => Promise<void>;
  act: (...fates: FateOf[]) => Promise<string[]>;
  /** How the invoice ends. */
  status: string;
}

const only = async (): Promise<string> => {
  const [invoice] = await world.invoices("cus_1");
  return invoice?.invoiceId ?? "";
};
const runs = (...fates: FateOf[]): Promise<string[]> => world.run(...fates);
const nothing = async (): Promise<void> => {};
const losing = (call: string) => async (): Promise<void> => {
  await world.run(onCall(call, "lost after it"));
};

const CREATE = "POST /v1/invoices";
const ADD_LINES = "POST /v1/invoices/:id/add_lines";
const FINALIZE = "POST /v1/invoices/:id/finalize";
const RETRIEVE = "GET /v1/invoices/:id";

/** Every request that invoicing makes of Stripe, where it makes it. */
const SITUATIONS: Situation[] = [
  { call: CREATE, before: nothing, act: runs, status: "open" },
  { call: ADD_LINES, before: nothing, act: runs, status: "open" },
  { call: FINALIZE, before: nothing, act: runs, status: "open" },
  { call: "GET /v1/invoices", before: losing(CREATE), act: runs, status: "open" },
  { call: "GET /v1/invoices/:id/lines", before: losing(ADD_LINES), act: runs, status: "open" },
  { call: RETRIEVE, before: losing(FINALIZE), act: runs, status: "open" },
  {
    call: "POST /v1/invoices/:id/void",
    before: async () => {
      await world.runWell();
    },
    act: async (...fates) => world.void(await only(), false, ...fates),
    status: "void",
  },
  {
    call: "DELETE /v1/invoices/:id",
    before: async () => {
      world.mode = "review";
      await world.runWell();
    },
    act: async (...fates) => world.void(await only(), false, ...fates),
    status: "void",
  },
];

const LATER = [
  { name: "an hour", laterMs: HOUR_MS },
  { name: "25 hours", laterMs: 25 * HOUR_MS },
  { name: "8 days", laterMs: 8 * DAY_MS },
];

/** Once more, undisturbed, and then everything is as if nothing had happened. */
async function expectRecovered(status: string, context: string): Promise<void> {
  await world.runWell();
  const found = await world.invoices("cus_1");
  expect(
    found.map((invoice) => invoice.status),
    context,
  ).toEqual([status]);
  await expectOneInvoiceEach(world, context);
  expect(await world.runWell(), context).toMatchObject({
    sent: 0,
    blocked: 0,
    voided: 0,
    failed: 0,
    remaining: 0,
  });
}

describe.each(SITUATIONS)("invoicing, at $call", ({ call, before, act, status }) => {
  const bad = FATES.filter((fate) => fate !== "through");

  test.each(bad)("%s: one invoice, an hour, 25 hours and 8 days later", async (fate) => {
    for (const { name, laterMs } of LATER) {
      await world.end();
      world = await InvoicingWorld.begin(ledger, seeded(2));
      await world.bill();
      await before();
      await world.wait(HOUR_MS);
      const asked = world.stripe.state.requests.length;
      await act(onCall(call, fate));
      const isUnsent = ["killed before it", "lost before it", "409", "429"].includes(fate);
      expect(world.stripe.state.requests.length >= asked + (isUnsent ? 0 : 1) || fate === "served late").toBe(
        true,
      );
      await world.wait(laterMs);
      await expectRecovered(status, `${fate}, ${name} later`);
    }
  });

  test.each([2, 8])("%i at once, each in turn failing there: one invoice", async (count) => {
    for (const fate of bad) {
      await world.end();
      world = await InvoicingWorld.begin(ledger, seeded(count));
      await world.bill();
      await before();
      await world.wait(HOUR_MS);
      const fates = Array.from({ length: count }, (_, index) =>
        index % 2 === 0 ? onCall(call, fate) : UNDISTURBED,
      );
      expect(await act(...fates)).toHaveLength(count);
      await world.wait(HOUR_MS);
      await expectRecovered(status, `${fate}, ${count} at once`);
    }
  });
});

describe("invoicing, at each call to Stripe or the ledger", () => {
  const CUTS: Fate[] = ["killed before it", "killed after it", "lost before it", "lost after it"];

  /** Cuts at each call in turn, until there are no more; answers how many there were. */
  async function atEach(
    fate: Fate,
    laterMs: number,
    prepare: () => Promise<void>,
    act: (fateOf: FateOf) => Promise<unknown>,
    check: (context: string) => Promise<void>,
  ): Promise<number> {
    for (let index = 0; ; index += 1) {
      await world.end();
      world = await InvoicingWorld.begin(ledger, seeded(3));
      await world.bill();
      await prepare();
      const cut = atCall(index, fate);
      await act(cut.fateOf);
      await world.wait(laterMs);
      await check(`${fate}, call ${index}`);
      if (!cut.wasReached()) {
        return index;
      }
    }
  }

  test.each(CUTS.flatMap((fate) => LATER.map((later) => ({ fate, ...later }))))(
    "a run is $fate, $name later: one invoice",
    async ({ fate, laterMs }) => {
      const calls = await atEach(
        fate,
        laterMs,
        nothing,
        (fateOf) => world.run(fateOf),
        (context) => expectRecovered("open", context),
      );
      // Three requests, each written down before and after; what is due, unsent and to be void, and the counts.
      expect(calls).toBeGreaterThanOrEqual(15);
    },
  );

  test.each(CUTS)("a finalisation by hand is %s: goes out once", async (fate) => {
    const calls = await atEach(
      fate,
      HOUR_MS,
      async () => {
        world.mode = "review";
        await world.runWell();
      },
      async (fateOf) => world.finalize(await only(), fateOf),
      async (context) => {
        await world.finalize(await only(), UNDISTURBED);
        await expectRecovered("open", context);
      },
    );
    expect(calls).toBeGreaterThanOrEqual(5);
  });

  test.each(CUTS)("a void that makes the invoice anew is %s: one void, one anew", async (fate) => {
    const calls = await atEach(
      fate,
      HOUR_MS,
      async () => {
        await world.runWell();
      },
      async (fateOf) => world.void(await only(), true, fateOf),
      async (context) => {
        // Asked again, as a client does that had no answer.
        await world.void("inv_of_cus_1", true, UNDISTURBED);
        await world.runWell();
        const found = await world.invoices("cus_1");
        expect(new Map(found.map(({ status, totalMinor }) => [status, totalMinor])), context).toEqual(
          new Map([
            ["open", 9900n],
            ["void", 234_001n],
          ]),
        );
        expect(found, context).toHaveLength(2);
        await expectOneInvoiceEach(world, context);
      },
    );
    expect(calls).toBeGreaterThanOrEqual(10);
  });
});

test("a void asked for while the draft is being created: takes it back when it is there, and no step follows", async () => {
  await world.bill();
  await world.run(onCall(CREATE, "served late"));
  await world.void(await only(), false, UNDISTURBED);
  // Not in Stripe yet, and may still come.
  expect((await world.invoices("cus_1")).map(({ status }) => status)).toEqual(["draft"]);
  expect(await world.runWell()).toMatchObject({ sent: 0, voided: 0 });

  await world.wait(11 * MINUTE_MS);
  expect(world.stripe.state.store.list("invoices")).toHaveLength(1);
  expect(await world.runWell()).toMatchObject({ sent: 0, voided: 1, remaining: 0 });
  expect(world.stripe.state.store.list("invoices")).toEqual([]);
  await expectOneInvoiceEach(world, "void while created");
});

test("two runs that each find the other's draft: delete neither of both", async () => {
  await world.bill();
  // The first attempt is in Stripe, its answer lost and its key forgotten: a run that had hung makes a second one.
  await world.run(onCall(CREATE, "lost after it"));
  const [first] = world.stripe.state.store.list("invoices");
  await world.client(UNDISTURBED).invoices.create({
    customer: first?.customer ?? "",
    currency: "usd",
    metadata: first?.metadata ?? {},
  });
  await world.wait(25 * HOUR_MS);
  const ended = await world.run(...Array.from({ length: 8 }, () => UNDISTURBED));
  expect(ended).toEqual(Array.from({ length: 8 }, () => "ended"));
  await expectRecovered("open", "two drafts");
});

test("a surplus draft whose run died before it deleted it: is deleted by the reconciliation", async () => {
  await world.bill();
  await world.runWell();
  const [invoice] = world.stripe.state.store.list("invoices");
  const { customer = "", metadata = {} } = invoice ?? {};
  await world.client(UNDISTURBED).invoices.create({ customer, currency: "usd", metadata });
  expect(world.stripe.state.store.list("invoices")).toHaveLength(2);

  expect(await world.reconcile(UNDISTURBED)).toEqual(["ended"]);
  await expectOneInvoiceEach(world, "surplus");
});

test("a draft made final in Stripe before its lines were there: is blocked, not tried for ever", async () => {
  await world.bill();
  await world.run(onCall(ADD_LINES, "lost before it"));
  const [draft] = world.stripe.state.store.list("invoices");
  await world.client(UNDISTURBED).invoices.finalizeInvoice(draft?.id ?? "");
  await world.wait(HOUR_MS);

  expect(await world.runWell()).toMatchObject({ blocked: 1, failed: 0, remaining: 0 });
  expect((await world.invoices("cus_1")).map(({ status }) => status)).toEqual(["blocked"]);
});
