/** A flush waits this long for company; long enough for what arrives together, too short to be felt. */
export const FLUSH_AFTER_MS = 1;
/** Commands decided in one flush; the rest go with the next, at once. */
export const MAX_FLUSH_COMMANDS = 2_000;
/** Commands taken and not yet answered; a second's work at full speed. Beyond it the answer is `overloaded`, at once. */
export const MAX_PENDING = 5_000;

/**
 * Collects commands and has them decided together. `flush` is synchronous: it decides, stores in one transaction and settles each command;
 * the runtime holds the replies back until the commit is on disk.
 */
export class GroupCommit<Command> {
  readonly #flush: (commands: readonly Command[]) => void;
  #buffer: Command[] = [];
  #scheduled = false;

  constructor(flush: (commands: readonly Command[]) => void) {
    this.#flush = flush;
  }

  get size(): number {
    return this.#buffer.length;
  }

  submit(commands: readonly Command[]): void {
    for (const command of commands) this.#buffer.push(command);
    if (this.#buffer.length === 0 || this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.flushNow();
    }, FLUSH_AFTER_MS);
  }

  flushNow(): void {
    while (this.#buffer.length > 0) this.#flush(this.#buffer.splice(0, MAX_FLUSH_COMMANDS));
  }
}
