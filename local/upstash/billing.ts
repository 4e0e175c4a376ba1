/** Commands as Upstash bills them: each command, and each call that a script makes. */
export class CommandCount {
  #billed = 0;
  #byCommand = new Map<string, number>();

  add(name: string, calls: number): void {
    this.#billed += 1 + calls;
    this.#byCommand.set(name, (this.#byCommand.get(name) ?? 0) + 1);
    if (calls > 0) {
      this.#byCommand.set("redis.call", (this.#byCommand.get("redis.call") ?? 0) + calls);
    }
  }

  reset(): void {
    this.#billed = 0;
    this.#byCommand.clear();
  }

  /** `byCommand` counts by upper-case name, calls inside scripts under `redis.call`. */
  read(): { billed: number; byCommand: Record<string, number> } {
    return { billed: this.#billed, byCommand: Object.fromEntries(this.#byCommand) };
  }
}
