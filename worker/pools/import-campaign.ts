import { MAX_CAMPAIGN_FILE_BYTES, parseCampaign } from "../campaign/parse.ts";
import { publishCampaign } from "../campaign/publish.ts";
import type { UnlocatedFault } from "../campaign/faults.ts";
import type { CampaignFile } from "../campaign/schema.ts";
import { settings } from "../settings.ts";
import { openUpload } from "./open-upload.ts";
import { OVERTAKEN, refused } from "./verdict.ts";
import type { Overtaken, Verdict } from "./verdict.ts";

/** Publishes a campaign file, if nothing is wrong with it. */
export async function importCampaign(env: Env, campaign: string, listed: R2Object, nowMs: number): Promise<Verdict | Overtaken> {
  if (listed.size > MAX_CAMPAIGN_FILE_BYTES)
    return refused({ code: "file_too_large", at: "file", message: `more than ${MAX_CAMPAIGN_FILE_BYTES} bytes` });
  const object = await openUpload(env.POOLS, listed);
  if (object === null) return OVERTAKEN;
  const parsed = parseCampaign(await object.bytes());
  if (parsed.status === "refused") return refused(...parsed.faults);
  const { file, locate } = parsed;
  if (file.id !== campaign)
    return refused(locate({ code: "id_differs", path: ["id"], message: `the file was uploaded as campaign ${campaign}` }));
  const strangers = unknownProviders(file, settings(env).REWARD_PROVIDERS);
  if (strangers.length > 0) return refused(...strangers.map(locate));
  const outcome = await publishCampaign(env, file, listed.etag, nowMs);
  if (outcome.status === "refused") return refused(...outcome.faults.map(locate));
  return { status: "imported", cards: null };
}

/** Prizes that nobody could grant: their provider has no address among the settings. */
function unknownProviders(file: CampaignFile, providers: Readonly<Record<string, unknown>>): UnlocatedFault[] {
  return file.prizes.flatMap(({ kind, params }, i) => {
    const provider = params?.["provider"];
    if (kind !== "webhook" || typeof provider !== "string" || Object.hasOwn(providers, provider)) return [];
    const message = `there is no reward provider of this name; there is ${Object.keys(providers).join(", ")}`;
    return [{ code: "unknown_provider" as const, path: ["prizes", i, "params", "provider"], message }];
  });
}
