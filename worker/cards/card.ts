import { deriveCardKeys, readCardId } from "../../durable-objects/card-id.ts";
import type { CardKey, CardPlace } from "../../durable-objects/card-id.ts";
import type { CardCommand, CardIssuerRpc, CardReply, CardState, CardView } from "../../durable-objects/protocol.ts";
import type { CampaignSnapshot } from "../campaign/schema.ts";
import { askIssuer, IssuerOverloaded } from "./issuers.ts";
import { Memo } from "../memo.ts";
import { cardIssuer } from "../objects.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";

const cardKeys = new WeakMap<Env, readonly CardKey[]>();

function cardKeysOf(env: Env): readonly CardKey[] {
  const known = cardKeys.get(env);
  if (known !== undefined) return known;
  const { CARD_KEY, CARD_KEY_PREVIOUS } = settings(env);
  const keys = [CARD_KEY, CARD_KEY_PREVIOUS].filter((secret) => secret !== undefined).flatMap(deriveCardKeys);
  cardKeys.set(env, keys);
  return keys;
}

/** Cards that an isolate has found to be ours. What is so stays so. */
const MAX_REMEMBERED_CARDS = 10_000;
const FOR_EVER_MS = Number.POSITIVE_INFINITY;
const remembered = new WeakMap<Env, Memo<CardPlace>>();

/** Where a card of ours lives, from its id alone; null for any other text. A card is asked for several times in its life, and its id checked once. */
export function placeOfCard(env: Env, campaign: string, cardId: string): CardPlace | null {
  const places = remembered.get(env) ?? new Memo<CardPlace>(MAX_REMEMBERED_CARDS);
  remembered.set(env, places);
  const key = `${campaign}/${cardId}`;
  const known = places.get(key, 0);
  if (known !== undefined) return known;
  const place = readCardId(cardKeysOf(env), campaign, cardId);
  return place === null ? null : places.set(key, place, FOR_EVER_MS);
}

/** Where the card lives, from its id alone. An id that we did not make for this campaign is `card_not_found`, as a missing and a foreign card are. */
export function locateCard(env: Env, campaign: string, cardId: string): CardCommand {
  const place = placeOfCard(env, campaign, cardId);
  if (place === null) throw new Problem("card_not_found");
  return { campaign, shard: place.shard, cardId };
}

/** Puts one question about a card to its issuer. Gives the card as it now is; every refusal of the issuer is a `Problem`. */
export async function askCard(env: Env, command: CardCommand, ask: (issuer: CardIssuerRpc) => Promise<CardReply>): Promise<CardView> {
  const reply = await askIssuer(() => cardIssuer(env, command), ask).catch((error: unknown) => {
    throw error instanceof IssuerOverloaded ? new Problem("overloaded") : error;
  });
  switch (reply.status) {
    case "ok":
      return reply.card;
    case "not_found":
      throw new Problem("card_not_found");
    case "expired":
      throw new Problem("card_expired");
    case "voided":
      throw new Problem("card_voided");
    case "already_used": {
      const { usedAtMs, store } = reply.card;
      throw new Problem("already_used", undefined, { members: { usedAt: instant(usedAtMs ?? 0), store } });
    }
    case "not_revealed":
    case "not_redeemed":
    case "already_redeemed":
    case "overloaded":
      throw new Problem(reply.status);
  }
}

/** Where a campaign's cards open, up to the card's id: the LIFF link, or in development the page itself. */
export function cardsUrl(env: Env, { file }: CampaignSnapshot): string {
  const { SANDBOX_ORIGIN, PUBLIC_ORIGIN } = settings(env);
  const origin = SANDBOX_ORIGIN === "" ? `https://liff.line.me/${file.line.liffId}` : new URL(PUBLIC_ORIGIN).origin;
  return `${origin}/c/${file.id}/`;
}

/** What a card is at `nowMs`: one whose time is over has expired, though nobody may have written it down yet. */
export function stateAt(nowMs: number, state: CardState, expiresAtMs: number | null): CardState {
  const waits = state === "issued" || state === "revealed";
  return waits && expiresAtMs !== null && expiresAtMs <= nowMs ? "expired" : state;
}

/** The instant that was written last: the cards of one flush expire together. */
let written = { ms: 0, text: new Date(0).toISOString() };

/** Milliseconds since the epoch as ISO 8601 in UTC. */
export function instant(ms: number): string {
  if (written.ms !== ms) written = { ms, text: new Date(ms).toISOString() };
  return written.text;
}
