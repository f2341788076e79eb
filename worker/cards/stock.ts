import { z } from "@hono/zod-openapi";
import type { PrizeStock } from "../../durable-objects/protocol.ts";
import { issuedOf } from "../ledger/spanning.ts";
import { prizePool } from "../objects.ts";
import { Problem } from "../problem.ts";

export const stockSchema = z
  .object({
    prizes: z.array(z.object({ prize: z.string(), loaded: z.int(), issued: z.int(), remaining: z.int() })),
    soldOut: z.boolean(),
  })
  .openapi("Stock");
export type Stock = z.output<typeof stockSchema>;

/**
 * What a campaign has and had of each prize. `issued` is from the stock, as settled, about a second behind the issuers; a card whose place is stock again
 * does not count, and what is withheld for good does not remain.
 */
export async function readStock(env: Env, campaign: string): Promise<Stock> {
  const [pool, issued] = await Promise.all([prizePool(env, campaign).stock(campaign), issuedOf(env, campaign)]);
  if (pool === null) throw new Problem("campaign_not_found");
  return countStock(pool.prizes, issued);
}

/** The ledger and the pool are not asked at the same instant: there is never less than none left. */
export function countStock(
  loaded: readonly Pick<PrizeStock, "prize" | "loaded" | "withheld">[],
  issued: ReadonlyMap<string, number>,
): Stock {
  const prizes = loaded.map(({ prize, loaded: cards, withheld }) => {
    const gone = issued.get(prize) ?? 0;
    return { prize, loaded: cards, issued: gone, remaining: Math.max(0, cards - withheld - gone) };
  });
  return { prizes, soldOut: prizes.every(({ remaining }) => remaining === 0) };
}
