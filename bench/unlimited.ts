import type { WorkerOptions } from "../scripts/bundle.ts";

const NO_LIMIT = 1_000_000_000;

/** The Worker without the page, whose router would stand before every request; on the platform that is another's work. */
export function unpaged(options: WorkerOptions): WorkerOptions {
  const { assets: _, ...rest } = options;
  return rest;
}

/** And with rate limits that nobody reaches. */
export function unlimited(options: WorkerOptions): WorkerOptions {
  const ratelimits = Object.fromEntries(
    Object.entries(options.ratelimits ?? {}).map(([name, limiter]) => [
      name,
      { ...limiter, simple: { ...limiter.simple, limit: NO_LIMIT } },
    ]),
  );
  return { ...unpaged(options), ratelimits };
}
