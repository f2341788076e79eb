import { z } from "zod";
import { Memo } from "../memo.ts";
import { campaignIdSchema } from "./schema.ts";
import type { CampaignFile, CampaignSnapshot } from "./schema.ts";

/** How long an isolate answers from memory. KV itself takes up to 60 s to carry a change, so this hardly adds to it. */
const SNAPSHOT_MEMO_MS = 5_000;
/** The same for a campaign that is not there: someone may be waiting for its first publish. */
const MISSING_MEMO_MS = 1_000;
/** While one request reads anew, the others keep to what is known, for this long; then another tries. */
const REFRESH_MS = 1_000;
/** What was known is good this long after the last attempt to read it anew: while KV does not answer, an old title beats no campaign. */
const STALE_MS = 600_000;
/** More campaigns than run at once; invented names cannot fill the memory of an isolate. */
const MAX_REMEMBERED_CAMPAIGNS = 1_000;

interface Known {
  readonly snapshot: CampaignSnapshot | null;
  readonly freshUntilMs: number;
}

const memo = new Memo<Known>(MAX_REMEMBERED_CAMPAIGNS);

export function snapshotKey(campaign: string): string {
  return `campaign:${campaign}`;
}

/**
 * The published campaign, or null if there is none; null too, with no look-up, for what is no campaign id. Answers from memory for a few seconds.
 * Of many requests that find the memory out of date one reads KV, and the others go on with what is known.
 */
export async function campaignSnapshot(env: Pick<Env, "CONFIG">, campaign: string): Promise<CampaignSnapshot | null> {
  const nowMs = Date.now();
  const known = memo.get(campaign, nowMs);
  if (known !== undefined && nowMs < known.freshUntilMs) return known.snapshot;
  if (!campaignIdSchema.safeParse(campaign).success) return null;
  if (known !== undefined) memo.set(campaign, { ...known, freshUntilMs: nowMs + REFRESH_MS }, nowMs + STALE_MS);
  try {
    const snapshot = await readSnapshot(env.CONFIG, campaign);
    const freshUntilMs = nowMs + (snapshot === null ? MISSING_MEMO_MS : SNAPSHOT_MEMO_MS);
    return memo.set(campaign, { snapshot, freshUntilMs }, nowMs + STALE_MS).snapshot;
  } catch (error) {
    if (known === undefined) throw error;
    console.warn(JSON.stringify({ message: "campaign snapshot not read, the last one serves on", campaign, error: String(error) }));
    return known.snapshot;
  }
}

/** The published campaign, where this isolate has read it within a few seconds; null where it has not, or there is none. */
export function freshSnapshot(campaign: string, nowMs: number): CampaignSnapshot | null {
  const known = memo.get(campaign, nowMs);
  return known !== undefined && nowMs < known.freshUntilMs ? known.snapshot : null;
}

/**
 * The envelope only. The file was checked when it was published; checking it anew by the rules of another deployment, one release ahead or behind,
 * could take a running campaign off the air.
 */
const snapshotSchema = z.object({
  file: z.custom<CampaignFile>((value) => typeof value === "object" && value !== null),
  version: z.int().positive(),
  shards: z.int().positive(),
  ledgers: z.int().positive().nullable().default(null),
});

async function readSnapshot(config: KVNamespace, campaign: string): Promise<CampaignSnapshot | null> {
  const stored = await config.get(snapshotKey(campaign), "json");
  return stored === null ? null : snapshotSchema.parse(stored);
}
