import type { CampaignRules } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";
import type { CampaignFault } from "./faults.ts";
import { toRules } from "./rules.ts";
import type { CampaignFile } from "./schema.ts";
import { snapshotKey } from "./snapshot.ts";
import { loadSnapshot, saveCampaign, saveStatus } from "./storage.ts";

/** Writes of one snapshot that may be overtaken in a row; each means that somebody else has just written a newer one. */
const MAX_SNAPSHOT_WRITES = 5;

export type PublishOutcome =
  /** `changed`: the pool knew other rules before, or none. */
  | { readonly status: "published"; readonly rules: CampaignRules; readonly changed: boolean }
  | { readonly status: "refused"; readonly faults: readonly CampaignFault[] };

/**
 * Publishes a campaign file: to its pool, which is the authority and numbers the versions, then to D1, then to KV for the edge.
 * Publishing the same again changes nothing, and completes a publish that stopped half-way. `etag` is the identity of the file's bytes, `now` in ms.
 */
export async function publishCampaign(env: Env, file: CampaignFile, etag: string, now: number): Promise<PublishOutcome> {
  const reply = await prizePool(env, file.id).publish(toRules(file));
  if (reply.status === "prize_in_stock") return { status: "refused", faults: [prizeInStock(file, reply)] };
  if (reply.status === "segment_in_stock") return { status: "refused", faults: [segmentInStock(reply)] };
  await saveCampaign(env.LEDGER, { file, etag, rules: reply.rules, publishedAtMs: now });
  await writeSnapshot(env, file.id);
  return { status: "published", rules: reply.rules, changed: reply.changed };
}

/** Keeps the outcome of a change of status in D1 and KV; an older version changes nothing. */
export async function recordStatus(env: Env, rules: CampaignRules): Promise<void> {
  await saveStatus(env.LEDGER, rules);
  await writeSnapshot(env, rules.campaign);
}

/** KV keeps whatever was put last: so what is put comes from D1, and D1 is asked again afterwards. */
async function writeSnapshot(env: Env, campaign: string): Promise<void> {
  let written: string | null = null;
  for (let i = 0; i < MAX_SNAPSHOT_WRITES; i++) {
    const current = JSON.stringify(await loadSnapshot(env.LEDGER, campaign));
    if (current === written || current === "null") return;
    await env.CONFIG.put(snapshotKey(campaign), current);
    written = current;
  }
}

function segmentInStock({ segment }: { segment: string }): CampaignFault {
  return { code: "segment_in_stock", at: `pools["${segment}"]`, message: `${segment} is imported: how it is dealt cannot change any more` };
}

function prizeInStock(file: CampaignFile, { prize, segment }: { prize: string; segment: string }): CampaignFault {
  const index = file.prizes.findIndex(({ id }) => id === prize);
  const where = `prize ${prize} has cards in ${segment}`;
  return index === -1
    ? { code: "prize_in_stock", at: "prizes", message: `${where} and must stay in the file` }
    : { code: "prize_in_stock", at: `prizes[${index}].kind`, message: `${where} and must stay of its kind` };
}
