import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { cards } from "./schema.ts";
import type { LedgerCard } from "./queries.ts";

/**
 * Rows of the ledger looked at a time, whosever they are: a few megabytes. D1 answers a thousand queries of one call, so this is what a campaign of
 * ten million cards takes.
 */
const SLICE_ROWS = 10_000;

/**
 * A campaign's cards as the ledger has them, slice by slice in the order of their ids. Each card is there once, though it may move on meanwhile:
 * only a card's id never changes, so it is what is walked along.
 */
export async function* campaignCards(env: Pick<Env, "LEDGER">, campaign: string): AsyncGenerator<readonly LedgerCard[]> {
  const db = drizzle(env.LEDGER);
  for (let after: string | null = ""; after !== null;) {
    const slice = db.$with("slice").as(
      db
        .select()
        .from(cards)
        .where(sql`${cards.card} > ${after}`)
        .orderBy(cards.card)
        .limit(SLICE_ROWS),
    );
    // The last row of the slice tells where the next begins, even if it is another campaign's.
    const rows: LedgerCard[] = await db
      .with(slice)
      .select()
      .from(slice)
      .where(sql`${slice.campaign} = ${campaign} OR ${slice.card} = (SELECT max(card) FROM slice)`)
      .orderBy(slice.card);
    after = rows.at(-1)?.card ?? null;
    yield rows.filter((card) => card.campaign === campaign);
  }
}
