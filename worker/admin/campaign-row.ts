import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { campaigns } from "../ledger/schema.ts";
import { rebuildOf } from "../ledger/rebuild/under-way.ts";
import { Problem } from "../problem.ts";
import { rebuildingProblem } from "./rebuilding.ts";

export type CampaignRow = typeof campaigns.$inferSelect;

/** The campaign as D1 has it, or `campaign_not_found`. */
export async function campaignRow(env: Pick<Env, "LEDGER">, campaign: string): Promise<CampaignRow> {
  const [row] = await drizzle(env.LEDGER).select().from(campaigns).where(eq(campaigns.campaign, campaign));
  if (row === undefined) throw new Problem("campaign_not_found");
  return row;
}

/** The same for what needs the campaign's whole ledger: `ledger_rebuilding` while only a part of it is there. */
export async function wholeCampaignRow(env: Pick<Env, "LEDGER">, campaign: string): Promise<CampaignRow> {
  const row = await campaignRow(env, campaign);
  const rebuild = await rebuildOf(env, campaign);
  if (rebuild !== null) throw rebuildingProblem(rebuild);
  return row;
}
