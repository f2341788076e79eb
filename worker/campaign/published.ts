import type { CampaignSnapshot } from "./schema.ts";
import { campaignSnapshot } from "./snapshot.ts";
import { Problem } from "../problem.ts";

/** The published campaign of this id, or `campaign_not_found`. */
export async function publishedCampaign(env: Env, campaign: string): Promise<CampaignSnapshot> {
  const snapshot = await campaignSnapshot(env, campaign);
  if (snapshot === null) throw new Problem("campaign_not_found");
  return snapshot;
}
