interface Waiting {
  job: () => Promise<void>;
  done: () => void;
}

/** Lets whoever runs at once have its calls made one at a time, in an order that `random` chooses. */
export class Turns {
  readonly #random: () => number;
  readonly #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Settles when the job has had its turn. */
  take(job: () => Promise<void>): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ job, done });
      this.#next();
    });
  }

  /** After all that follows from the last turn has asked for one of its own. */
  #next(): void {
    if (!this.#isBusy) {
      this.#isBusy = true;
      setImmediate(() => {
        void this.#serve();
      });
    }
  }

  async #serve(): Promise<void> {
    const [chosen] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
    await chosen?.job();
    chosen?.done();
    this.#isBusy = false;
    if (this.#waiting.length > 0) {
      this.#next();
    }
  }
}
