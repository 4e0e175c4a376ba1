/**
 * One ordered failure for a local endpoint.
 *
 * `before` drops the connection without applying, `after` applies and then drops it, `status` answers without
 * applying, `delay` waits and then serves, `hold` waits until {@link FaultPlan.release} or {@link FaultPlan.drop},
 * `hold-after` applies at once and keeps back the reply until then.
 */
export interface Fault {
  mode: "before" | "after" | "status" | "delay" | "hold" | "hold-after";
  /** Only requests whose subject contains this; every request when absent. */
  match?: string;
  /** Matching requests let through first; 0 when absent. */
  skip?: number;
  /** Matching requests that fail; 1 when absent. */
  times?: number;
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  delayMs?: number;
}

/** A stack that runs for days, or a benchmark, must not fill the memory with what it was asked. */
const MAX_SUBJECTS = 100_000;

/** What an endpoint does to requests, and the subjects of those it has seen, in order. */
export class FaultPlan {
  readonly subjects: string[] = [];
  #pending: { fault: Fault; skip: number; times: number }[] = [];
  #held: ((isServed: boolean) => void)[] = [];
  #heldWatchers: (() => void)[] = [];

  add(fault: Fault): void {
    this.#pending.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 });
  }

  /** Forgets faults and subjects, and lets held requests go on. */
  reset(): void {
    this.#pending = [];
    this.subjects.length = 0;
    this.release();
  }

  /** Notes the request and gives back the fault that applies to it. */
  take(subject: string): Fault | undefined {
    if (this.subjects.length >= MAX_SUBJECTS) {
      this.subjects.splice(0, MAX_SUBJECTS / 2);
    }
    this.subjects.push(subject);
    for (const entry of this.#pending) {
      if (entry.times === 0 || (entry.fault.match !== undefined && !subject.includes(entry.fault.match))) {
        continue;
      }
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.times -= 1;
      return entry.fault;
    }
    return undefined;
  }

  /** Waits until {@link release} or {@link drop} is called; answers whether to serve. */
  hold(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      for (const watcher of this.#heldWatchers.splice(0)) {
        watcher();
      }
    });
  }

  /** Settles as soon as a request is being held. */
  whenHeld(): Promise<void> {
    if (this.#held.length > 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#heldWatchers.push(resolve));
  }

  /** Lets held requests be served and answered. */
  release(): void {
    this.#settle(true);
  }

  /** Lets held requests end without an answer, and without applying what was not applied yet. */
  drop(): void {
    this.#settle(false);
  }

  #settle(isServed: boolean): void {
    for (const resolve of this.#held.splice(0)) {
      resolve(isServed);
    }
  }
}
