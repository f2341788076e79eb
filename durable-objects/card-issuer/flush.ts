import type { CampaignRules, CardEvent, Draw, StockRun } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import type { CardIndex } from "./card-index.ts";
import { decideDraws } from "./draw.ts";
import type { DrawDecision, DrawnBefore, RecipientCount } from "./draw.ts";
import { keysOf, NO_KEY } from "./index-keys.ts";
import type { IndexKeys } from "./index-keys.ts";
import type { LocalDay } from "./calendar.ts";
import { decideCard } from "./lifecycle.ts";
import type { CardDecision, CardOrder } from "./lifecycle.ts";
import { packEvents } from "./outbox.ts";
import type { OutboxRoom } from "./outbox.ts";
import type { IssuerStorage } from "./storage/storage.ts";
import { StockCursor } from "./stock.ts";
import type { HeldLease } from "./stock.ts";
import type { PoolState } from "./supply.ts";

export interface PlacedOrder {
  readonly seq: number;
  readonly cardId: string;
  readonly order: CardOrder;
}

export interface FlushContext {
  readonly rules: CampaignRules;
  readonly nowMs: number;
  readonly today: LocalDay;
  readonly nextSeq: number;
  readonly leases: readonly HeldLease[];
  readonly pool: PoolState;
  readonly room: OutboxRoom;
  readonly cardId: (seq: number) => string;
}

/** A card that this flush has made. */
export interface IssuedCard {
  readonly card: CardRow;
  readonly cardId: string;
}

export interface Flushed {
  readonly draws: readonly DrawDecision[];
  readonly cards: readonly CardDecision[];
  /** What the issuer holds now, to be remembered once the transaction has committed. */
  readonly leases: readonly HeldLease[];
  readonly issued: readonly IssuedCard[];
  /** What the index finds these by. */
  readonly keys: IndexKeys;
  /** Whether there is something to tell the ledger. */
  readonly changed: boolean;
  /** Places in the deck that are stock again, journaled as a giveback. */
  readonly returned: boolean;
}

/**
 * One flush inside one transaction: load the rows concerned, decide everything, store the result and its events. Synchronous. The row of an issued card
 * is all that is stored of its issue; what follows from it is its caller's to remember.
 */
export function flush(
  storage: IssuerStorage,
  index: Pick<CardIndex, "find">,
  draws: readonly Draw[],
  orders: readonly PlacedOrder[],
  context: FlushContext,
): Flushed {
  const drawn = draws.length === 0 ? null : flushDraws(storage, index, draws, context);
  const ordered = orders.length === 0 ? null : flushOrders(storage, orders, context);
  const issued = drawn?.issued ?? [];
  return {
    draws: drawn?.decisions ?? [],
    cards: ordered?.decisions ?? [],
    leases: drawn?.leases ?? context.leases,
    issued,
    keys: drawn?.keys ?? keysOf([]),
    changed: issued.length > 0 || (ordered?.changed ?? false),
    returned: ordered?.returned ?? false,
  };
}

function flushDraws(storage: IssuerStorage, index: Pick<CardIndex, "find">, draws: readonly Draw[], context: FlushContext) {
  const { rules, nowMs, nextSeq, pool, room } = context;
  const limited = rules.limits.perRecipient !== null || rules.limits.perRecipientPerDay !== null;
  const keys = keysOf(draws);
  const known = index.find(keys.requests);
  const drawnBefore = known.length === 0 ? new Map<string, DrawnBefore>() : storage.cards.drawnBefore(known);
  const own = limited ? index.find(recipientsIn(keys)) : [];
  const counts = own.length === 0 ? new Map<string, RecipientCount>() : storage.cards.recipientCounts(own, context.today.startMs);
  const stock = new StockCursor(context.leases, nowMs);
  const { decisions, cards } = decideDraws(draws, keys, { rules, nowMs, nextSeq, stock, pool, room, drawnBefore, counts });
  if (cards.length > 0) {
    storage.cards.insertCards(cards);
    storage.stock.dropEmptied(stock.emptied());
  }
  const issued = cards.map((card): IssuedCard => ({ card, cardId: context.cardId(card.seq) }));
  const isIssued = (_: number, i: number) => decisions[i]?.status === "issued";
  const issuedKeys = { requests: keys.requests.filter(isIssued), recipients: keys.recipients.filter(isIssued) };
  return { decisions, leases: stock.held(), issued, keys: issuedKeys };
}

/** The keys of the recipients, once each. */
function recipientsIn({ recipients }: IndexKeys): Float64Array {
  const once = new Set(recipients);
  once.delete(NO_KEY);
  return Float64Array.from(once);
}

function flushOrders(storage: IssuerStorage, orders: readonly PlacedOrder[], context: FlushContext) {
  const { rules, nowMs, room } = context;
  const events: CardEvent[] = [];
  const cards = storage.cards.find(orders.map(({ seq }) => seq));
  const changed = new Map<number, CardRow>();
  const kindOf = (prize: string) => rules.prizes[prize] ?? "none";
  const decisions = orders.map(({ seq, cardId, order }): CardDecision => {
    const decision = decideCard(cards.get(seq), order, { cardId, nowMs, rules, kindOf });
    if (decision.status === "ok" && decision.events.length > 0) {
      if (room === "none") return { status: "overloaded" };
      cards.set(seq, decision.card);
      changed.set(seq, decision.card);
      events.push(...decision.events);
    }
    return decision;
  });
  const stored = [...changed.values()];
  if (stored.length > 0) {
    storage.cards.updateCards(stored);
    storage.outbox.add(packEvents(events));
  }
  return { decisions, changed: stored.length > 0, returned: returnStock(storage, stored) };
}

/** Gives the places of ended cards back to the pool, where the campaign says so. */
export function returnStock(storage: IssuerStorage, ended: readonly CardRow[]): boolean {
  const runs = ended.filter(({ returned }) => returned).flatMap(placeOf);
  if (runs.length > 0) storage.stock.giveBack(runs);
  return runs.length > 0;
}

function placeOf({ segment, position, prize, code }: CardRow): StockRun[] {
  if (segment === null || position === null) return [];
  return [{ segment, start: position, prizes: [prize], ordinals: Uint16Array.of(0), codes: code === null ? null : [code] }];
}
