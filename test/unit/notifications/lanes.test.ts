import { array, assert, asyncProperty, boolean, integer, record, scheduler } from "fast-check";
import { expect, test } from "vitest";
import { workOff, type Line } from "../../../src/notifications/lanes.ts";

interface Counted extends Line {
  name: string;
  left: number;
}

function line(name: string, left: number, changes: Partial<Counted> = {}): Counted {
  return { name, left, places: 2, isSlow: false, ...changes };
}

/** Something to wait for that a test lets go. */
function gate(): { passed: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

test("lanes: lines by turns, so that one with many waits for none and holds up none", async () => {
  const order: string[] = [];
  await workOff([line("a", 5), line("b", 1), line("c", 2)], { quick: 1, slow: 1 }, async (worked) => {
    order.push(worked.name);
    worked.left -= 1;
    return worked.left > 0;
  });
  expect(order.slice(0, 3)).toEqual(["a", "b", "c"]);
  expect(order.filter((name) => name === "a").length).toBeGreaterThanOrEqual(5);
  expect(order.indexOf("c", 3)).toBeLessThan(order.lastIndexOf("a"));
});

test("lanes: no more at once than lanes, nor of a line than its places", async () => {
  await assert(
    asyncProperty(
      array(record({ left: integer({ min: 1, max: 8 }), isSlow: boolean() }), { maxLength: 8 }),
      integer({ min: 1, max: 4 }),
      integer({ min: 1, max: 3 }),
      scheduler(),
      async (given, quick, slow, turns) => {
        const lines = given.map(({ left, isSlow }, index) => line(`l${index}`, left, { isSlow }));
        const running = new Map<string, number>();
        const most = { quick: 0, slow: 0, line: 0 };
        let done = 0;
        const ended = workOff(lines, { quick, slow }, async (worked) => {
          if (worked.left === 0) {
            return false;
          }
          worked.left -= 1;
          running.set(worked.name, (running.get(worked.name) ?? 0) + 1);
          most.line = Math.max(most.line, running.get(worked.name) ?? 0);
          for (const kind of ["quick", "slow"] as const) {
            const now = lines
              .filter(({ isSlow }) => isSlow === (kind === "slow"))
              .reduce((sum, { name }) => sum + (running.get(name) ?? 0), 0);
            most[kind] = Math.max(most[kind], now);
          }
          await turns.schedule(Promise.resolve());
          running.set(worked.name, (running.get(worked.name) ?? 0) - 1);
          done += 1;
          return true;
        });
        await turns.waitFor(ended);
        expect(done).toBe(given.reduce((sum, { left }) => sum + left, 0));
        expect(most.quick).toBeLessThanOrEqual(quick);
        expect(most.slow).toBeLessThanOrEqual(slow);
        expect(most.line).toBeLessThanOrEqual(2);
      },
    ),
  );
});

test("lanes: a line that hangs holds up its own lane, and one that is known to be slow no quick one", async () => {
  const hanging = gate();
  const done: string[] = [];
  const ended = workOff(
    [
      line("slow", 1, { isSlow: true }),
      line("hangs", 1),
      ...Array.from({ length: 9 }, (_, n) => line(`q${n}`, 3)),
    ],
    { quick: 3, slow: 1 },
    async (worked) => {
      if (worked.name === "slow" || worked.name === "hangs") {
        await hanging.passed;
      }
      if (worked.left === 0) {
        return false;
      }
      worked.left -= 1;
      done.push(worked.name);
      if (done.length === 27) {
        hanging.open();
      }
      return worked.left > 0;
    },
  );
  await ended;
  expect(done.slice(0, 27).filter((name) => !name.startsWith("q"))).toEqual([]);
  expect(done.slice(27).toSorted()).toEqual(["hangs", "slow"]);
});

test("lanes: a line that becomes slow goes on in a slow lane, also when those had nothing to do", async () => {
  const steps: [string, boolean][] = [];
  await workOff([line("turns", 3, { places: 1 })], { quick: 1, slow: 1 }, async (worked) => {
    steps.push([worked.name, worked.isSlow]);
    worked.isSlow = true;
    worked.left -= 1;
    return worked.left > 0;
  });
  expect(steps).toEqual([
    ["turns", false],
    ["turns", true],
    ["turns", true],
  ]);
});

test("lanes: what a step throws ends the work after the steps that run, and is thrown", async () => {
  const other = gate();
  const done: string[] = [];
  const ended = workOff(
    [line("fails", 1), line("runs", 9), line("waits", 9)],
    { quick: 2, slow: 1 },
    async (worked) => {
      if (worked.name === "fails") {
        throw new Error("no store");
      }
      await other.passed;
      done.push(worked.name);
      return true;
    },
  );
  other.open();
  await expect(ended).rejects.toThrow("no store");
  expect(done).toEqual(["runs"]);
});

test("lanes: nothing to do is done at once", async () => {
  await expect(
    workOff([], { quick: 1, slow: 1 }, () => Promise.reject(new Error("never"))),
  ).resolves.toBeUndefined();
});
