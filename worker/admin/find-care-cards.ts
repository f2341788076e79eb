import { MAX_FOUND_CARDS } from "../../durable-objects/protocol.ts";
import { cardAtIssuer, findAtIssuers } from "../cards/find-at-issuers.ts";
import type { CardAtIssuer } from "../cards/find-at-issuers.ts";
import type { CardHistory } from "../ledger/queries.ts";
import { cardOf } from "../ledger/reconcile/expected-card.ts";
import { foundCards } from "../ledger/spanning.ts";

/**
 * The cards of a card id, LINE user id, recipient, request id or code, newest first, at most `MAX_FOUND_CARDS`: as the ledger has them, else, of a card id, recipient
 * or request, as their issuer has. White space around `q` may be of the id: only where nothing is called so, it is left out.
 */
export async function findCareCards(env: Env, q: string): Promise<readonly CardHistory[]> {
  const found = await findCalled(env, q);
  return found.length > 0 || q === q.trim() ? found : findCalled(env, q.trim());
}

async function findCalled(env: Env, q: string): Promise<readonly CardHistory[]> {
  const atIssuers = await findAtIssuers(env, q);
  const settled = await foundCards(
    env,
    q,
    atIssuers.map(({ campaign, held }) => ({ campaign, card: held.cardId })),
  );
  const known = new Set(settled.map(({ card }) => card.card));
  const unsettled = atIssuers.filter(({ held }) => !known.has(held.cardId)).map(toHistory);
  const all = [...settled, ...unsettled].sort((a, b) => (b.card.issuedAt ?? 0) - (a.card.issuedAt ?? 0)).slice(0, MAX_FOUND_CARDS);
  if (all.length > 0) return all;
  const own = await cardAtIssuer(env, q);
  return own === null ? [] : [toHistory(own)];
}

/** What events alone tell, no issuer knows. */
function toHistory({ campaign, shard, held }: CardAtIssuer): CardHistory {
  return { card: { ...cardOf(campaign, shard, held, () => true), reason: null, till: null }, reward: null };
}
