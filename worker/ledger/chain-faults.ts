import { and, eq, inArray, isNull } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { BlockPlace, RefusedBlock } from "./chain.ts";
import { chainFaults } from "./schema.ts";

export type ChainFault = typeof chainFaults.$inferSelect;

/** A fault that has not been seen for so long is over: a block that is refused is sent again by its issuer at least every ten minutes. */
const FAULT_LASTS_MS = 86_400_000;
/** Faults of one campaign that are told at once. */
const MAX_TOLD = 200;

/** Writes down, and says loudly, which blocks were not applied; one that is refused again is the same fault. */
export async function recordRefused(env: Pick<Env, "LEDGER">, refused: readonly RefusedBlock[], nowMs: number): Promise<void> {
  await recordFaults(
    env,
    refused.map(({ kind, header: { campaign, shard, block, hash } }) => ({ campaign, shard, block, kind, hash })),
    nowMs,
  );
}

/** Writes down places at which the chain of blocks does not hold. */
export async function recordFaults(
  env: Pick<Env, "LEDGER">,
  faults: readonly Pick<ChainFault, "campaign" | "shard" | "block" | "kind" | "hash">[],
  nowMs: number,
): Promise<void> {
  if (faults.length === 0) return;
  for (const fault of faults) console.error(JSON.stringify({ message: "the chain of blocks does not hold", ...fault }));
  const rows = faults.map(({ campaign, shard, block, kind, hash }) => [campaign, shard, block, kind, hash]);
  await env.LEDGER.prepare(
    `INSERT INTO chain_faults (campaign, shard, block, kind, hash, first_at, last_at)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, ?2, ?2 FROM json_each(?1) WHERE true
     ON CONFLICT (campaign, shard, block, kind) DO UPDATE SET last_at = excluded.last_at, hash = excluded.hash,
       accepted_at = CASE WHEN hash = excluded.hash THEN accepted_at END`,
  )
    .bind(JSON.stringify(rows), nowMs)
    .run();
}

/** Hashes of those blocks, among these places, that an operator has had applied though they do not fit. */
export async function acceptedHashes(env: Pick<Env, "LEDGER">, places: readonly BlockPlace[]): Promise<Set<string>> {
  const { results } = await env.LEDGER.prepare(
    `SELECT hash FROM chain_faults
     WHERE accepted_at IS NOT NULL AND (campaign, shard, block) IN (SELECT value->>0, value->>1, value->>2 FROM json_each(?))`,
  )
    .bind(JSON.stringify(places.map(({ campaign, shard, block }) => [campaign, shard, block])))
    .all<{ hash: string }>();
  return new Set(results.map(({ hash }) => hash));
}

/** Faults of a campaign that stand: seen within a day, and not accepted. */
export async function standingFaults(env: Pick<Env, "LEDGER">, campaign: string, nowMs: number): Promise<ChainFault[]> {
  const { results } = await env.LEDGER.prepare(
    `SELECT campaign, shard, block, kind, hash, first_at AS firstAt, last_at AS lastAt, accepted_at AS acceptedAt FROM chain_faults
     WHERE campaign = ?1 AND accepted_at IS NULL AND last_at > ?2 ORDER BY shard, block LIMIT ?3`,
  )
    .bind(campaign, nowMs - FAULT_LASTS_MS, MAX_TOLD)
    .all<ChainFault>();
  return results;
}

/** A block of which an operator may say that it is right all the same. One whose number another block has cannot be applied. */
function acceptable({ campaign, shard, block, hash }: BlockPlace & { readonly hash: string }) {
  return and(
    eq(chainFaults.campaign, campaign),
    eq(chainFaults.shard, shard),
    eq(chainFaults.block, block),
    eq(chainFaults.hash, hash),
    inArray(chainFaults.kind, ["broken", "altered"]),
    isNull(chainFaults.acceptedAt),
  );
}

export async function standingFault(db: DrizzleD1Database, place: BlockPlace & { readonly hash: string }): Promise<ChainFault | null> {
  const [fault] = await db.select().from(chainFaults).where(acceptable(place));
  return fault ?? null;
}

export function acceptStatement(db: DrizzleD1Database, place: BlockPlace & { readonly hash: string }, nowMs: number) {
  return db.update(chainFaults).set({ acceptedAt: nowMs }).where(acceptable(place));
}
