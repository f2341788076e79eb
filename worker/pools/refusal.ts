import type { Faults } from "./faults.ts";

/** What stands in the bucket beside a refused object, for whoever uploaded it. */
export interface Refusal extends Faults {
  readonly object: string;
  readonly etag: string;
  readonly refusedAtMs: number;
}

/** Writes `<name>.errors.json`. */
export async function writeRefusal(pools: R2Bucket, key: string, refusal: Refusal): Promise<void> {
  const { object, etag, refusedAtMs, faults, more } = refusal;
  const document = { object, etag, refusedAt: new Date(refusedAtMs).toISOString(), faults, ...(more === 0 ? {} : { more }) };
  await pools.put(key, `${JSON.stringify(document, null, 2)}\n`, { httpMetadata: { contentType: "application/json; charset=utf-8" } });
}
