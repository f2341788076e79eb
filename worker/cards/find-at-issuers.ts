import { desc, ne } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { MAX_FOUND_CARDS } from "../../durable-objects/protocol.ts";
import type { FoundCard, ShardAddress } from "../../durable-objects/protocol.ts";
import { errorText } from "../error-text.ts";
import { readHeldCards } from "../ledger/reconcile/read-held-cards.ts";
import { campaigns } from "../ledger/schema.ts";
import { cardIssuer } from "../objects.ts";
import { within } from "../within.ts";
import { placeOfCard } from "./card.ts";
import { askIssuer } from "./issuers.ts";
import { shardOf } from "./shard.ts";

/** Issuers asked at a time. */
const AT_ONCE = 32;
/** Issuers that one look-up asks: a call of a Worker may make a thousand of its own, and the ledger is asked besides. */
const MAX_ASKED = 900;
/** An issuer answers in milliseconds, after a start in a second; one that takes so long does not. */
const PATIENCE_MS = 3_000;

/** A card, and the issuer that has it. */
export interface CardAtIssuer extends ShardAddress {
  readonly held: FoundCard;
}

/**
 * The cards of a request or a recipient, of all campaigns that were ever opened: the ledger has no index of either, and the issuers have one. Issuers that cannot be
 * asked are named in the log, and what the others have is found.
 */
export async function findAtIssuers(env: Env, drawnWith: string): Promise<readonly CardAtIssuer[]> {
  const opened = await openedCampaigns(env);
  if (opened.some(({ campaign }) => placeOfCard(env, campaign, drawnWith) !== null)) return [];
  const addresses = inOrder(opened, drawnWith);
  const asked = addresses.slice(0, MAX_ASKED);
  const found: CardAtIssuer[] = [];
  const unasked = addresses.slice(MAX_ASKED);
  for (let first = 0; first < asked.length; first += AT_ONCE) {
    await Promise.all(
      asked.slice(first, first + AT_ONCE).map(async (address) => {
        const cards = await cardsOf(env, address, drawnWith);
        if (cards === null) unasked.push(address);
        else found.push(...cards.map((held) => ({ ...address, held })));
      }),
    );
  }
  if (unasked.length > 0) {
    const of = [...new Set(unasked.map(({ campaign }) => campaign))];
    console.error(JSON.stringify({ message: "a look-up could not ask all issuers", issuers: unasked.length, campaigns: of }));
  }
  return found.sort((a, b) => b.held.issuedAtMs - a.held.issuedAtMs).slice(0, MAX_FOUND_CARDS);
}

/** The card of this id, of whatever campaign, as its issuer has it; null where there is none, or the issuer does not answer, which is named in the log. */
export async function cardAtIssuer(env: Env, cardId: string): Promise<CardAtIssuer | null> {
  for (const { campaign } of await openedCampaigns(env)) {
    const place = placeOfCard(env, campaign, cardId);
    if (place === null) continue;
    const address = { campaign, shard: place.shard };
    try {
      const { cards } = await within(PATIENCE_MS, readHeldCards(env, address, place.seq - 1, 1));
      const held = cards.find((card) => card.cardId === cardId);
      return held === undefined ? null : { ...address, held };
    } catch (error) {
      sayUnasked(address, error);
      return null;
    }
  }
  return null;
}

interface OpenedCampaign {
  readonly campaign: string;
  readonly shards: number;
}

/** The latest first. */
async function openedCampaigns({ LEDGER }: Pick<Env, "LEDGER">): Promise<readonly OpenedCampaign[]> {
  return drizzle(LEDGER)
    .select({ campaign: campaigns.campaign, shards: campaigns.shards })
    .from(campaigns)
    .where(ne(campaigns.status, "draft"))
    .orderBy(desc(campaigns.publishedAt));
}

/** First the issuers to which this recipient was sent, or this request that had none; then all others, which may have the request of somebody. */
function inOrder(opened: readonly OpenedCampaign[], drawnWith: string): readonly ShardAddress[] {
  const own = opened.map(({ campaign, shards }) => ({ campaign, shard: shardOf(drawnWith, shards) }));
  const others = opened.flatMap(({ campaign, shards }, nth) =>
    Array.from({ length: shards }, (_, shard) => ({ campaign, shard })).filter(({ shard }) => shard !== own[nth]?.shard),
  );
  return [...own, ...others];
}

/** Null where the issuer does not answer. */
async function cardsOf(env: Env, address: ShardAddress, drawnWith: string): Promise<readonly FoundCard[] | null> {
  const ask = askIssuer(
    () => cardIssuer(env, address),
    (issuer) => issuer.findCards({ ...address, drawnWith }),
  );
  try {
    return await within(PATIENCE_MS, ask);
  } catch (error) {
    sayUnasked(address, error);
    return null;
  }
}

function sayUnasked(address: ShardAddress, error: unknown): void {
  console.error(JSON.stringify({ message: "an issuer could not be asked for cards", ...address, error: errorText(error) }));
}
