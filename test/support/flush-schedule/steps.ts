import type { FlushStores } from "../../../src/flush/flush-stores.ts";

/** A call of a store that waits for its turn. */
export interface Step {
  process: number;
  name: keyof FlushStores | "follow";
  /** Applies it; the outcome is kept until the caller is told. */
  apply: () => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** A call's answer is lost, or the call is. */
export class StoreLost extends Error {
  override readonly name = "StoreLost";
}

/** Calls of all processes, which a schedule lets happen one by one. */
export class Steps {
  pending: Step[] = [];

  /** The stores as one process has them. */
  storesOf(process: number, stores: FlushStores): FlushStores {
    const wrapped: Record<string, unknown> = {};
    for (const name of Object.keys(stores) as (keyof FlushStores)[]) {
      const call = stores[name] as (...args: unknown[]) => Promise<unknown>;
      wrapped[name] = (...args: unknown[]) => this.wait(process, name, () => call(...args));
    }
    return wrapped as unknown as FlushStores;
  }

  /** Another call of a process, which waits for its turn, too. */
  wait<Answer>(process: number, name: Step["name"], apply: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.pending.push({ process, name, apply, resolve: resolve as Step["resolve"], reject });
    });
  }

  /** Takes a step out, to be played. */
  take(index: number): Step {
    const [step] = this.pending.splice(index, 1);
    if (step === undefined) {
      throw new Error("there is no such step");
    }
    return step;
  }

  /** A process dies: none of its calls is waited for any more; answers them, some may still arrive. */
  kill(process: number): Step[] {
    const dead = this.pending.filter((step) => step.process === process);
    this.pending = this.pending.filter((step) => step.process !== process);
    return dead;
  }
}
