import { setTimeout as sleep } from "node:timers/promises";

const DEFAULT_EVERY_MS = 250;

export interface WaitOptions {
  /** Named in the error: "waited 30 s for …". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** Thrown by a probe: waiting longer would not help. */
export class Hopeless extends Error {
  override readonly name = "Hopeless";
}

/**
 * Asks `probe` again and again until it gives something other than null, and gives that. A probe that throws has not answered yet,
 * unless it throws `Hopeless`.
 * Rejects when the time is over, with what was waited for and the last error.
 */
export async function waitFor<T>(options: WaitOptions, probe: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  let lastError: Error | null = null;
  while (performance.now() < deadline) {
    options.signal?.throwIfAborted();
    try {
      const answer = await probe();
      if (answer !== null) return answer;
      lastError = null;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      lastError = error instanceof Error ? error : new Error("no error was thrown, but something else");
    }
    await sleep(options.everyMs ?? DEFAULT_EVERY_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  const because = lastError === null ? "" : `; last: ${lastError.message}`;
  throw new Error(`waited ${Math.round(options.timeoutMs / 1000)} s for ${options.what}${because}`);
}
