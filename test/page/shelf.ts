import { randomUUID } from "node:crypto";
import { parse } from "csv-parse/sync";
import { drawCards } from "../../scripts/draw.ts";
import type { DrawnCard } from "../../scripts/draw.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import type { MadeCampaign } from "../../scripts/made-campaign.ts";
import { silent } from "../../scripts/terminal.ts";
import { waitFor } from "../../scripts/wait.ts";
import type { TestHouse } from "../house.ts";

const SETTLED_TIMEOUT_MS = 240_000;

/** Cards that nobody has touched, by the prize that lies under their foil. */
export interface Shelf {
  /** Takes a card with this prize. */
  take(prize: string): DrawnCard;
}

/** Opens a campaign, draws all that was loaded as its partner, and learns from the ledger which card has which prize. What is drawn later is the fallback. */
export async function fillShelf({ stack, admin, partner }: TestHouse, campaign: MadeCampaign): Promise<Shelf> {
  await openMadeCampaign(stack, admin, silent, campaign);
  const loaded = [...campaign.stock.values()].reduce((sum, quantity) => sum + quantity, 0);
  const requests = Array.from({ length: loaded }, () => ({ requestId: randomUUID() }));
  const drawn = await drawCards(partner, campaign.id, requests);
  const prizes = await waitFor({ what: "the ledger to have every card", timeoutMs: SETTLED_TIMEOUT_MS }, async () => {
    const csv = await new Response(await admin.exportCards(campaign.id)).text();
    const rows = parse<{ card: string; prize: string }>(csv, { columns: true, bom: true });
    return rows.length < loaded ? null : new Map(rows.map(({ card, prize }) => [card, prize]));
  });
  const shelf = Map.groupBy(drawn, ({ cardId }) => prizes.get(cardId));
  return {
    take: (prize) => {
      const card = shelf.get(prize)?.pop();
      if (card === undefined) throw new Error(`no card with ${prize} is left`);
      return card;
    },
  };
}
