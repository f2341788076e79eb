import type { PrizeKind } from "../../../durable-objects/protocol.ts";
import { PROVIDERS } from "../../rewards/index.ts";

/** A prize, as far as it says who hands it over. `provider`: that of its params. */
export interface ProvidedPrize {
  readonly prize: string;
  readonly kind: PrizeKind;
  readonly provider: string | null;
}

/** Who hands over prizes of a campaign, and which. */
export interface CampaignProvider {
  readonly name: string;
  readonly prizes: readonly string[];
}

/** The providers outside of a campaign's prizes, in the order of their names. LINE is one of them: the capitals keep it apart from those that the settings name. */
export function providersOf(prizes: readonly ProvidedPrize[]): CampaignProvider[] {
  const named = prizes.flatMap(({ prize, kind, provider }) => {
    if (PROVIDERS[kind].reach === "local") return [];
    return kind === "webhook" ? (provider === null ? [] : [{ prize, name: provider }]) : [{ prize, name: LINE }];
  });
  const byName = [...Map.groupBy(named, ({ name }) => name)].map(([name, own]) => ({ name, prizes: own.map(({ prize }) => prize) }));
  return byName.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const LINE = "LINE";

/** By the campaign's file as it is now. */
export async function campaignProviders({ LEDGER }: Pick<Env, "LEDGER">, campaign: string): Promise<CampaignProvider[]> {
  const { results } = await LEDGER.prepare(
    `SELECT prize.value->>'id' AS prize, prize.value->>'kind' AS kind, prize.value->>'$.params.provider' AS provider
     FROM campaigns, json_each(campaigns.file, '$.prizes') AS prize WHERE campaigns.campaign = ?`,
  )
    .bind(campaign)
    .all<ProvidedPrize>();
  return providersOf(results);
}
