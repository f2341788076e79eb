import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { campaigns } from "../ledger/schema.ts";
import { Problem } from "../problem.ts";

export type CampaignRow = typeof campaigns.$inferSelect;

/** The campaign as D1 has it, or `campaign_not_found`. */
export async function campaignRow(env: Pick<Env, "LEDGER">, campaign: string): Promise<CampaignRow> {
  const [row] = await drizzle(env.LEDGER).select().from(campaigns).where(eq(campaigns.campaign, campaign));
  if (row === undefined) throw new Problem("campaign_not_found");
  return row;
}
