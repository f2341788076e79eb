import { Problem } from "../problem.ts";

/** Refuses a caller past the flood limit with `rate_limited`. The binding counts per location and roughly: it is against floods, not a quota. */
export async function limitFlood(limiter: RateLimit, key: string): Promise<void> {
  const { success } = await limiter.limit({ key });
  if (!success) throw new Problem("rate_limited");
}

const LOOPBACK = new Set(["127.0.0.1", "::1"]);

/** The caller's address as Cloudflare tells it; null on the developer's own machine, whose users all share one. */
export function callerAddress(headers: Headers): string | null {
  const address = headers.get("cf-connecting-ip");
  return address === null || LOOPBACK.has(address) ? null : address;
}
