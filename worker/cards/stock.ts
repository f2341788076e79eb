import { z } from "@hono/zod-openapi";
import { issuedPerPrize } from "../ledger/queries.ts";
import { prizePool } from "../objects.ts";
import { Problem } from "../problem.ts";

export const stockSchema = z
  .object({
    prizes: z.array(z.object({ prize: z.string(), loaded: z.int(), issued: z.int(), remaining: z.int() })),
    soldOut: z.boolean(),
  })
  .openapi("Stock");
export type Stock = z.output<typeof stockSchema>;

/** What a campaign has and had of each prize. `issued` is from the stock, as settled, about a second behind the issuers. */
export async function readStock(env: Env, campaign: string): Promise<Stock> {
  const [pool, issued] = await Promise.all([prizePool(env, campaign).stock(campaign), issuedPerPrize(env, campaign)]);
  if (pool === null) throw new Problem("campaign_not_found");
  return countStock(pool.prizes, issued);
}

/** A place that was given back is issued again: there is never less than none left. */
export function countStock(
  loaded: readonly { readonly prize: string; readonly loaded: number }[],
  issued: ReadonlyMap<string, number>,
): Stock {
  const prizes = loaded.map(({ prize, loaded: cards }) => {
    const gone = issued.get(prize) ?? 0;
    return { prize, loaded: cards, issued: gone, remaining: Math.max(0, cards - gone) };
  });
  return { prizes, soldOut: prizes.every(({ remaining }) => remaining === 0) };
}
