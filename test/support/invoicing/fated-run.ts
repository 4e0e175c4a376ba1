import type { Carrier, Fate, FateOf, StoreCall } from "./fates.ts";
import type { Turns } from "./turns.ts";

/** One run of the Worker, which may die at any call; what it does not live to see never happens. */
export class FatedRun implements Carrier {
  readonly #turns: Turns;
  readonly #fateOf: FateOf;
  readonly #late: (() => Promise<unknown>)[];
  readonly #died = Promise.withResolvers<"died">();
  #isDead = false;

  /** `late` takes what is served after its caller has given up. */
  constructor(turns: Turns, fateOf: FateOf, late: (() => Promise<unknown>)[]) {
    this.#turns = turns;
    this.#fateOf = fateOf;
    this.#late = late;
  }

  /** Settles when the work has ended, well or not, or the run has died. */
  async live(work: () => Promise<unknown>): Promise<"ended" | "failed" | "died"> {
    const ended = work().then(
      () => "ended" as const,
      () => "failed" as const,
    );
    return Promise.race([ended, this.#died.promise]);
  }

  async carry<T>(call: StoreCall, make: (fate: Fate) => Promise<T>, lose: () => Error): Promise<T> {
    let answer: (() => T) | undefined;
    await this.#turns.take(async () => {
      answer = this.#isDead ? undefined : await this.#make(this.#fateOf(call), call, make, lose);
    });
    if (answer === undefined) {
      return new Promise<never>(() => {});
    }
    return answer();
  }

  async #make<T>(
    fate: Fate,
    { store }: StoreCall,
    make: (fate: Fate) => Promise<T>,
    lose: () => Error,
  ): Promise<(() => T) | undefined> {
    const lost = (): never => {
      throw lose();
    };
    const isOfStripe = store === "stripe";
    switch (fate) {
      case "killed before it":
        this.#die();
        return undefined;
      case "killed after it":
        await make("through").catch(() => undefined);
        this.#die();
        return undefined;
      case "lost before it":
        return lost;
      case "lost after it":
        await make("through").catch(() => undefined);
        return lost;
      case "served late":
        if (isOfStripe) {
          this.#late.push(() => make("through").catch(() => undefined));
        }
        return lost;
      case "through":
      case "409":
      case "429":
      case "500 kept, not done":
      case "500 kept, done":
        if (fate !== "through" && !isOfStripe) {
          return lost;
        }
        return make(fate).then(
          (value) => () => value,
          (error: unknown) => () => {
            throw error;
          },
        );
    }
  }

  #die(): void {
    this.#isDead = true;
    this.#died.resolve("died");
  }
}
