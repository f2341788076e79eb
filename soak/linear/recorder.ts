import type { Operation } from "./check.ts";

/** Writes down calls as they are made: a clock that only counts says what was over before what. */
export class Recorder<Input, Output> {
  readonly #history: Operation<Input, Output>[] = [];
  #clock = 0;

  get history(): readonly Operation<Input, Output>[] {
    return this.#history;
  }

  /** Makes one call; `null` is an outcome that is not known. */
  async record(input: Input, call: () => Promise<Output | null>): Promise<Output | null> {
    const calledAt = (this.#clock += 1);
    const output = await call();
    this.#history.push({ input, output, calledAt, returnedAt: (this.#clock += 1) });
    return output;
  }
}
