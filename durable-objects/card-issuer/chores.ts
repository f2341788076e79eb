/** Work is given this long to gather: events into a block. */
export const WORK_AFTER_MS = 500;
/** The alarm does what a lost timer did not, and comes back this often while something fails. */
export const ALARM_AFTER_MS = 5_000;

export interface Chore {
  readonly name: string;
  /** Does what is due; when it is due again (milliseconds since the epoch), or null. */
  readonly work: () => Promise<number | null>;
}

export interface ChoresDeps {
  readonly chores: readonly Chore[];
  readonly setAlarm: (atMs: number) => Promise<void>;
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly now: () => number;
}

/** What an object does when nobody asks it to: a timer soon after there is work, and an alarm in case the timer is lost. One chore's failure does not stop the others. */
export class Chores {
  readonly #deps: ChoresDeps;
  #timer = false;
  /** When the alarm rings, as far as is known. */
  #alarmAtMs = Infinity;

  constructor(deps: ChoresDeps) {
    this.#deps = deps;
  }

  /** To be called in the same breath as the commit that made the work: the alarm is part of it. */
  soon(): void {
    const { waitUntil, now } = this.#deps;
    const atMs = now() + ALARM_AFTER_MS;
    if (this.#alarmAtMs > atMs) waitUntil(this.#setAlarm(atMs));
    if (this.#timer) return;
    this.#timer = true;
    setTimeout(() => {
      this.#timer = false;
      waitUntil(this.#work());
    }, WORK_AFTER_MS);
  }

  /** The alarm has rung. It never gives up: what fails is tried again. */
  async rung(): Promise<void> {
    this.#alarmAtMs = Infinity;
    await this.#work();
  }

  async #work(): Promise<void> {
    const dues: number[] = [];
    for (const { name, work } of this.#deps.chores) {
      try {
        const dueMs = await work();
        if (dueMs !== null) dues.push(dueMs);
      } catch (error) {
        console.error(JSON.stringify({ message: "a chore failed", chore: name, error: String(error) }));
        dues.push(this.#deps.now() + ALARM_AFTER_MS);
      }
    }
    // Work that came meanwhile has a timer, which may be lost as any other.
    if (this.#timer) dues.push(this.#deps.now() + ALARM_AFTER_MS);
    if (dues.length > 0) await this.#setAlarm(Math.min(...dues));
  }

  async #setAlarm(atMs: number): Promise<void> {
    this.#alarmAtMs = atMs;
    await this.#deps.setAlarm(atMs);
  }
}
