import type { CampaignRules, PublishReply, ScheduleConflict } from "../../durable-objects/protocol.ts";
import { boundLedgers } from "../ledger/ledgers.ts";
import { prizePool } from "../objects.ts";
import type { UnlocatedFault } from "./faults.ts";
import { toRules } from "./rules.ts";
import type { CampaignFile } from "./schema.ts";
import { snapshotKey } from "./snapshot.ts";
import { loadSnapshot, saveCampaign, saveStatus } from "./storage.ts";

/** Writes of one snapshot that may be overtaken in a row; each means that somebody else has just written a newer one. */
const MAX_SNAPSHOT_WRITES = 5;

export type PublishOutcome =
  /** `changed`: the pool knew other rules before, or none. */
  | { readonly status: "published"; readonly rules: CampaignRules; readonly changed: boolean }
  | { readonly status: "refused"; readonly faults: readonly UnlocatedFault[] };

/**
 * Publishes a campaign file: to its pool, which is the authority and numbers the versions, then to D1, then to KV for the edge.
 * Publishing the same again changes nothing, and completes a publish that stopped half-way. `etag` is the identity of the file's bytes, `now` in ms.
 */
export async function publishCampaign(env: Env, file: CampaignFile, etag: string, now: number): Promise<PublishOutcome> {
  const over = await windowsOver(env, file, now);
  if (over.length > 0) return { status: "refused", faults: over };
  const reply = await prizePool(env, file.id).publish(toRules(file, boundLedgers(env).length));
  if (reply.status !== "published") return { status: "refused", faults: faultsOf(file, reply) };
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

/** Windows that are over before anything can be dealt in them; one that has been accepted before may pass. */
async function windowsOver(env: Env, { id, pools }: CampaignFile, now: number): Promise<UnlocatedFault[]> {
  const over = Object.entries(pools).filter(([, { moments }]) => moments !== undefined && Date.parse(moments.to) <= now);
  if (over.length === 0) return [];
  const known = (await prizePool(env, id).rules(id))?.pools ?? {};
  return over
    .filter(([name, { moments }]) => known[name]?.moments?.toMs !== Date.parse(moments?.to ?? ""))
    .map(([name]) => ({
      code: "schedule_impossible",
      path: ["pools", name, "moments"],
      message: "the window of the winning moments is over already",
    }));
}

function faultsOf(file: CampaignFile, reply: Exclude<PublishReply, { status: "published" }>): UnlocatedFault[] {
  switch (reply.status) {
    case "prize_in_stock":
      return [prizeInStock(file, reply)];
    case "segment_in_stock": {
      const message = "the campaign has been opened, and how imported cards are dealt stays: upload more stock under another name";
      return [{ code: "segment_in_stock", path: ["pools", reply.segment], message }];
    }
    case "schedule_impossible":
      return reply.conflicts.map(({ reason, message }) => ({
        code: reason === "codes_repeat" ? "codes_repeat" : "schedule_impossible",
        path: placeOf(reason, reply.segment),
        message: `pools/${reply.segment} is imported, and could not be dealt: ${message}`,
      }));
    case "fallback_fixed": {
      const message = `the campaign has been opened, and its fallback stays ${reply.fallback}: whoever verifies its cards holds them against it`;
      return [{ code: "fallback_fixed", path: ["fallback"], message }];
    }
  }
}

function placeOf(reason: ScheduleConflict["reason"], segment: string): PropertyKey[] {
  switch (reason) {
    case "opens_after_end":
      return ["endsAt"];
    case "closes_before_start":
      return ["startsAt"];
    case "too_many_moments":
    case "wave_of_moments":
      return ["pools", segment, "moments"];
    case "codes_repeat":
      return ["pools", segment, "repeat"];
  }
}

function prizeInStock(
  file: CampaignFile,
  { prize, segment, campaign }: Extract<PublishReply, { status: "prize_in_stock" }>,
): UnlocatedFault {
  const index = file.prizes.findIndex(({ id }) => id === prize);
  const where = segment === null ? `prize ${prize} is dealt as the fallback` : `prize ${prize} has cards in pools/${segment}`;
  const way = segment !== null && campaign === "draft" ? "; or upload that file without it first" : "";
  return index === -1
    ? { code: "prize_in_stock", path: ["prizes"], message: `${where} and must stay in the file${way}` }
    : { code: "prize_in_stock", path: ["prizes", index, "kind"], message: `${where} and must stay of its kind${way}` };
}
