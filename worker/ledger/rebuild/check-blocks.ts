import type { ShardAddress } from "../../../durable-objects/protocol.ts";
import type { Ledger, Part } from "../ledgers.ts";
import { noteMissing } from "../missing-blocks.ts";
import type { HeldPage } from "../reconcile/read-held-cards.ts";
import { askIssuer, askPool, keptIfAnswered, Unanswered } from "./ask-issuer.ts";
import type { StepPlan } from "./step.ts";
import type { Rebuild, RebuildCursor, RebuildSource } from "./under-way.ts";

/** Stretches of missing numbers that are read and looked for by and by, and those that are named. */
const MAX_STRETCHES = 1_000;
const MAX_NAMED = 10;

type CheckCursor = Extract<RebuildCursor, { phase: "check" }>;

/**
 * Looks whether a shard has all blocks that its issuer does not keep any more. From the issuers, one that is missing was confirmed to its issuer after its cards were
 * read: they are read again. From the lake, that may be one that was left to its issuer: the lake is read again, once; what is missing then, it does not have.
 */
export async function checkBlocks(
  env: Env,
  { ledger, ledgers }: Part,
  { campaign, source }: Rebuild,
  cursor: CheckCursor,
): Promise<StepPlan> {
  const { shard, mayReadAgain } = cursor;
  const next: RebuildCursor = { ...cursor, shard: shard + ledgers };
  if (shard >= (await shardsOf(env, ledger, campaign, source))) return { next: { phase: "archive", before: "outcomes" }, statements: [] };
  const address = { campaign, shard };
  if (source === "issuers") {
    const missing = await missingNumbers(ledger, address, await askIssuer(env, address, 0, 0));
    return { next: missing.length === 0 ? next : { phase: "issuers", shard, afterSeq: 0, first: null, again: true }, statements: [] };
  }
  const page = await keptIfAnswered(env, address);
  const missing = await missingNumbers(ledger, address, page);
  if (missing.length > 0 && mayReadAgain)
    return { next: { phase: "lake", after: "", silent: [], left: false, again: true }, statements: [] };
  const nowMs = Date.now();
  await noteMissing(
    ledger,
    missing.map((stretch) => ({ ...address, ...stretch, since: nowMs })),
    nowMs,
  );
  return {
    next,
    statements: [],
    missing: missing.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    faults: [
      ...(page === null ? [`shard ${shard}: its issuer did not answer: whether blocks are missing at the end is not known`] : []),
      ...(missing.length === 0 ? [] : [`shard ${shard}: the lake does not have ${named(missing)}`]),
    ],
  };
}

interface Stretch {
  readonly first: number;
  readonly last: number;
}

function named(missing: readonly Stretch[]): string {
  const some = missing.slice(0, MAX_NAMED).map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`));
  return `blocks ${some.join(", ")}${missing.length > MAX_NAMED ? " …" : ""}`;
}

/** Numbers that the ledger does not have, and the issuer does not keep. Of one that has not answered, those before the ledger's last. */
async function missingNumbers(
  { LEDGER }: Pick<Env, "LEDGER">,
  { campaign, shard }: ShardAddress,
  page: HeldPage | null,
): Promise<Stretch[]> {
  const { results } = await LEDGER.prepare(
    `WITH RECURSIVE own AS (SELECT block FROM blocks WHERE campaign = ?1 AND shard = ?2),
       ends AS (SELECT max(coalesce((SELECT max(block) FROM own), 0), ?3) AS last),
       numbers (block) AS (SELECT 1 FROM ends WHERE last > 0 UNION ALL SELECT block + 1 FROM numbers, ends WHERE block < last),
       missing AS (
         SELECT block, block - row_number() OVER (ORDER BY block) AS stretch FROM numbers
         WHERE block NOT IN (SELECT block FROM own) AND block NOT IN (SELECT value FROM json_each(?4))
       )
     SELECT min(block) AS first, max(block) AS last FROM missing GROUP BY stretch ORDER BY first LIMIT ?5`,
  )
    .bind(campaign, shard, page?.lastBlock ?? 0, JSON.stringify(page?.keptBlocks ?? []), MAX_STRETCHES)
    .all<Stretch>();
  return results;
}

/** As the pool knows; from the lake, for want of an answer, as many as have blocks in this ledger. */
async function shardsOf(env: Env, ledger: Ledger, campaign: string, source: RebuildSource): Promise<number> {
  try {
    const rules = await askPool(env, campaign);
    if (rules !== null) return rules.shards;
  } catch (error) {
    if (source === "issuers" || !(error instanceof Unanswered)) throw error;
  }
  const query = "SELECT coalesce(max(shard) + 1, 0) AS shards FROM blocks WHERE campaign = ?";
  return (await ledger.LEDGER.prepare(query).bind(campaign).first<number>("shards")) ?? 0;
}
