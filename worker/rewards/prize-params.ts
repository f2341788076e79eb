import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { CampaignFile } from "../campaign/schema.ts";
import { campaignSnapshot } from "../campaign/snapshot.ts";
import { campaigns } from "../ledger/schema.ts";
import type { ParamedReward, PrizeParams, Reward } from "./provider.ts";

/** Rewards with the params of their prizes. Those whose prize no file knows are `unknown`: they wait until one does. */
export async function withPrizeParams(
  env: Pick<Env, "CONFIG" | "LEDGER">,
  rewards: readonly Reward[],
): Promise<{ readonly known: ParamedReward[]; readonly unknown: Reward[] }> {
  const known: ParamedReward[] = [];
  const unknown: Reward[] = [];
  for (const [campaign, own] of Map.groupBy(rewards, (reward) => reward.campaign)) {
    const params = await paramsOf(
      env,
      campaign,
      own.map(({ prize }) => prize),
    );
    for (const reward of own) {
      const prizeParams = params.get(reward.prize);
      if (prizeParams === undefined) unknown.push(reward);
      else known.push({ ...reward, params: prizeParams });
    }
  }
  return { known, unknown };
}

/** From the published snapshot; from the ledger where that is missing, or is older than one of the prizes. */
async function paramsOf(
  env: Pick<Env, "CONFIG" | "LEDGER">,
  campaign: string,
  wanted: readonly string[],
): Promise<Map<string, PrizeParams>> {
  const published = paramsIn((await snapshotFile(env, campaign)) ?? { prizes: [] });
  if (wanted.every((prize) => published.has(prize))) return published;
  const [row] = await drizzle(env.LEDGER).select({ file: campaigns.file }).from(campaigns).where(eq(campaigns.campaign, campaign));
  return row === undefined ? published : paramsIn(JSON.parse(row.file) as CampaignFile);
}

async function snapshotFile(env: Pick<Env, "CONFIG">, campaign: string): Promise<CampaignFile | null> {
  try {
    return (await campaignSnapshot(env, campaign))?.file ?? null;
  } catch (error) {
    console.warn(JSON.stringify({ message: "campaign snapshot not read, the ledger's file serves", campaign, error: String(error) }));
    return null;
  }
}

function paramsIn({ prizes }: Pick<CampaignFile, "prizes">): Map<string, PrizeParams> {
  return new Map(prizes.map(({ id, params }) => [id, params ?? {}]));
}
