import type { CardView, CampaignStatus, Draw, DrawResult, PublishedRules } from "../protocol.ts";
import { explainCalls } from "./card-truth.ts";
import type { AnsweredCall, CardTerms, CardTruth } from "./card-truth.ts";
import { MINUTE_MS } from "./scenario.ts";
import { hasMoreToCome, isDealt, placesOf } from "./shelf.ts";
import type { ShelvedSegment } from "./shelf.ts";
import { STAGE_START_MS } from "./stage.ts";

/** From the beginning of a run to midnight in Taipei. */
const MIDNIGHT_MS = STAGE_START_MS + 10 * MINUTE_MS;
const DAY_MS = 1_440 * MINUTE_MS;

/** A card that somebody was told of. */
export interface BookedCard {
  readonly cardId: string;
  readonly shard: number;
  readonly draw: Draw;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly prize: string;
  /** Null: a fallback. */
  readonly segment: string | null;
  /** What it may be: one thing, but that an overdue card expires by itself. */
  possible: readonly CardTruth[];
  /** Its place in the deck is stock again. */
  placeIsFree: boolean;
}

/** A draw as its caller saw it; `result` is null where no answer came. */
export interface SeenDraw {
  readonly shard: number;
  readonly draw: Draw;
  readonly result: DrawResult | null;
}

type SeenCard = SeenDraw & { readonly result: Extract<DrawResult, { readonly cardId: string }> };

interface Request {
  readonly draw: Draw;
  readonly cardId: string;
  readonly expiresAtMs: number | null;
}

/** What may be true while calls are made at once. */
export interface Moment {
  readonly nowMs: number;
  /** The campaign's status, or both where it is being changed. */
  readonly statuses: readonly CampaignStatus[];
}

export class Violation extends Error {
  override readonly name = "Violation";
}

export function demand(holds: boolean, what: string, ...about: readonly unknown[]): void {
  if (!holds) throw new Violation([what, ...about.map((one) => JSON.stringify(one))].join(" "));
}

/** What callers know of a campaign, and with it what they may be told next. */
export class Book {
  readonly cards: BookedCard[] = [];
  readonly shelf: ShelvedSegment[] = [];
  /** Segments that are being imported: cards of them may be issued, or not yet. */
  readonly arriving = new Set<string>();
  /** Requests by shard, in the order of their first draw. */
  readonly asked: Draw[][];
  readonly #requests = new Map<string, Request>();
  /** Shards that may have been told that there is nothing, and repeat it until they ask again. */
  readonly #dry: boolean[];
  readonly #rules: Omit<PublishedRules, "campaign">;

  constructor(rules: Omit<PublishedRules, "campaign">) {
    this.#rules = rules;
    this.asked = Array.from({ length: rules.shards }, () => []);
    this.#dry = this.asked.map(() => false);
  }

  /** Takes in draws that were made at once and what came of them; `look` shows a new card. */
  async takeDraws(seen: readonly SeenDraw[], moment: Moment, look: (shard: number, cardId: string) => Promise<CardView>): Promise<void> {
    const before = this.cards.length;
    const byRequest = Map.groupBy(seen, ({ shard, draw }) => `${shard}/${draw.requestId}/${draw.recipient}`);
    const made = [...byRequest].flatMap(([key, draws]) => this.#takeRequest(key, draws) ?? []);
    const views = await Promise.all(made.map(({ shard, result }) => look(shard, result.cardId)));
    for (const [i, one] of made.entries()) this.#bookCard(one, views[i] as CardView, moment);
    const fresh = this.cards.slice(before);
    this.#checkLimits(fresh);
    const refused = seen.filter(({ result }) => result !== null && !("cardId" in result) && result.status !== "conflict");
    for (const one of refused) this.#checkRefusal(one, fresh, moment);
    for (const card of fresh) {
      if (card.segment === null) this.#checkEmpty(card.shard, fresh, moment, "fallback");
    }
    this.noteStock(moment.nowMs, fresh);
  }

  /** Takes in what callers of one card were told. */
  takeCalls(card: BookedCard, calls: readonly AnsweredCall[], nowMs: number): void {
    const possible = explainCalls(card.possible, calls, this.#termsOf(card, nowMs));
    demand(possible.length > 0, "no order of the calls explains the answers", card, calls);
    card.possible = possible;
  }

  /** The card as its issuer shows it: it must be what it may be, and is then known. */
  takeView(card: BookedCard, view: CardView, nowMs: number): void {
    this.takeCalls(card, [], nowMs);
    const known = card.possible.filter(
      ({ state, user, store }) => state === view.state && user === view.lineUserId && store === view.store,
    );
    demand(known.length > 0, "a card is not what it can be", card, view);
    card.possible = known;
    this.checkView(card, view);
  }

  /** Shown of a card is what may be, whatever it was asked for. */
  checkView(card: BookedCard, view: CardView): void {
    const told = this.#rules.prizes[card.prize] === "code" && (view.state === "redeemed" || view.state === "used");
    demand((view.code !== null) === told, "a code is shown with its card's redemption, and not before", view.state, view.code);
    demand(view.prize === card.prize && view.requestId === card.draw.requestId, "a card is another", card, view);
  }

  get endsAtMs(): number {
    return this.#rules.endsAtMs;
  }

  isOverdue(card: BookedCard, nowMs: number): boolean {
    return this.#termsOf(card, nowMs).overdue && card.possible.some(({ state }) => state === "issued" || state === "revealed");
  }

  isCoded({ prize }: BookedCard): boolean {
    return this.#rules.prizes[prize] === "code";
  }

  isReturned({ possible, segment }: BookedCard): boolean {
    const { onVoid, onExpiry } = this.#rules.returnStock;
    return segment !== null && possible.every(({ state }) => (state === "voided" && onVoid) || (state === "expired" && onExpiry));
  }

  /** Cards that can be issued at least, whatever of those that expire has expired. */
  stockLeft(nowMs: number): number {
    return this.shelf.reduce((sum, segment) => {
      if (this.arriving.has(segment.name)) return sum;
      const taken = this.cards.filter((card) => card.segment === segment.name && !card.placeIsFree).length;
      // Cards that were issued before a segment closed stand on places that are not dealt any more.
      return sum + Math.max(0, placesOf(segment, nowMs) - taken);
    }, 0);
  }

  hasMoreToCome(nowMs: number): boolean {
    return this.shelf.some((segment) => hasMoreToCome(segment, nowMs));
  }

  /** What issuers knew of the pool is gone: they were restarted, or have new rules. */
  forgetDry(shards: readonly number[], nowMs: number): void {
    for (const shard of shards) this.#dry[shard] = false;
    this.noteStock(nowMs, []);
  }

  /** Where there is nothing to have, any issuer may have asked and been told so. */
  noteStock(nowMs: number, fresh: readonly BookedCard[]): void {
    const least = this.stockLeft(nowMs);
    if (least <= 0) this.#dry.fill(true);
    for (const { shard, segment } of fresh) if (segment === null) this.#dry[shard] = true;
  }

  #termsOf(card: BookedCard, nowMs: number): CardTerms {
    const overdue = card.expiresAtMs !== null && card.expiresAtMs <= nowMs;
    return { autoRedeem: this.#rules.autoRedeem, isCoupon: this.#rules.prizes[card.prize] === "coupon", overdue };
  }

  /** A request has one card, and that card one content. Returns the draw that tells of the card, where it is new. */
  #takeRequest(key: string, seen: readonly SeenDraw[]): SeenCard | null {
    const answered = seen.flatMap(({ shard, draw, result }) => (result === null ? [] : [{ shard, draw, result }]));
    const withCard = answered.flatMap(({ result, ...one }) => ("cardId" in result ? [{ ...one, result }] : []));
    const known = this.#requests.get(key);
    const [first] = withCard;
    const conflicts = answered.filter(({ result }) => result.status === "conflict");
    if (known === undefined && first === undefined) {
      demand(conflicts.length === 0, "a conflict with no card", seen);
      return null;
    }
    const truth = known ?? requestOf(first as SeenCard);
    for (const { draw, result } of withCard) {
      demand(result.cardId === truth.cardId && result.expiresAtMs === truth.expiresAtMs, "a request has two cards", seen);
      demand(isSameDraw(draw, truth.draw), "another content got the card", seen);
    }
    for (const { draw } of conflicts) demand(!isSameDraw(draw, truth.draw), "the same content is in conflict", seen);
    const issued = withCard.filter(({ result }) => result.status === "issued").length;
    if (known !== undefined) {
      demand(issued === 0 && withCard.length + conflicts.length === answered.length, "a known request was decided anew", seen);
      return null;
    }
    const lost = seen.some(({ result, draw }) => result === null && isSameDraw(draw, truth.draw));
    demand(issued === 1 || (issued === 0 && lost), "a card was issued not once", seen);
    this.#requests.set(key, truth);
    return first as SeenCard;
  }

  #bookCard({ shard, draw, result }: SeenCard, view: CardView, moment: Moment): void {
    const { prize, issuedAtMs, expiresAtMs, state } = view;
    const shelved = this.shelf.find(({ prizes }) => prizes.some((one) => one.prize === prize));
    const segment = shelved?.name ?? null;
    const { fallback, cardTtlMs, endsAtMs } = this.#rules;
    demand(segment !== null || prize === fallback, "a prize of no segment", view);
    demand(moment.statuses.includes("open") && moment.nowMs < endsAtMs, "a card was issued while the campaign was not open", moment, view);
    demand(shelved === undefined || isDealt(shelved, moment.nowMs), "a card was issued of a segment that is not open", moment, view);
    demand(expiresAtMs === result.expiresAtMs, "a card expires not when it was said to", view, result);
    demand(expiresAtMs === (cardTtlMs === null ? null : issuedAtMs + cardTtlMs), "a card does not live as long as it should", view);
    demand(state === "issued" && view.code === null && view.lineUserId === draw.lineUserId, "a new card is not new", view);
    demand(view.recipient === draw.recipient && view.metadata === draw.metadata, "a card is not for whom it was drawn", view, draw);
    demand(
      this.cards.every(({ cardId }) => cardId !== view.cardId),
      "two requests have one card",
      view,
    );
    const possible: CardTruth[] = [{ state: "issued", user: draw.lineUserId, store: null }];
    this.cards.push({ cardId: view.cardId, shard, draw, issuedAtMs, expiresAtMs, prize, segment, possible, placeIsFree: false });
  }

  /** Voids of the same moment are explained before the draws are: what is live now was so throughout. */
  #checkLimits(fresh: readonly BookedCard[]): void {
    const live = Map.groupBy(this.cards.filter(isLive), ({ draw }) => draw.recipient);
    const { perRecipient, perRecipientPerDay } = this.#rules.limits;
    for (const recipient of new Set(fresh.flatMap(({ draw }) => draw.recipient ?? []))) {
      const cards = live.get(recipient) ?? [];
      demand(perRecipient === null || cards.length <= perRecipient, "a recipient has more cards than the limit", cards);
      for (const [, ofDay] of Map.groupBy(cards, ({ issuedAtMs }) => dayOf(issuedAtMs))) {
        demand(perRecipientPerDay === null || ofDay.length <= perRecipientPerDay, "a recipient has more cards than the day's limit", ofDay);
      }
    }
  }

  #checkRefusal({ shard, draw, result }: SeenDraw, fresh: readonly BookedCard[], moment: Moment): void {
    const status = result?.status;
    if (status === "overloaded") return;
    const isClosed = moment.nowMs >= this.#rules.endsAtMs;
    const mayBeShut = isClosed || moment.statuses.some((one) => one !== "open");
    if (isClosed || !moment.statuses.includes("open")) demand(status === "not_open", "a draw was refused, but not as not open", status);
    else if (status === "limit_reached") this.#checkLimitReached(draw, moment);
    else if (status === "sold_out" || (status === "not_open" && !mayBeShut)) this.#checkEmpty(shard, fresh, moment, status);
    else demand(mayBeShut, "a draw was refused for no reason", status);
  }

  #checkLimitReached(draw: Draw, { nowMs }: Moment): void {
    const { perRecipient, perRecipientPerDay } = this.#rules.limits;
    // Also cards voided at this moment: the draw may have been decided before.
    const mine = this.cards.filter((card) => card.draw.recipient === draw.recipient && (isLive(card) || this.#voidedNow.has(card)));
    const today = mine.filter(({ issuedAtMs }) => dayOf(issuedAtMs) === dayOf(nowMs));
    const reached =
      (perRecipient !== null && mine.length >= perRecipient) || (perRecipientPerDay !== null && today.length >= perRecipientPerDay);
    demand(draw.recipient !== null && reached, "a limit was said to be reached", draw, mine);
  }

  /** There is nothing at an issuer: because all is issued, or is to come, or because it was so when the issuer last asked. */
  #checkEmpty(shard: number, fresh: readonly BookedCard[], { nowMs }: Moment, said: "fallback" | "sold_out" | "not_open"): void {
    const { fallback } = this.#rules;
    demand(said === "fallback" || fallback === null, "a draw was refused, although there is a fallback", said);
    if (this.#dry[shard] === true) return;
    // A moment that has come may still be on its way to the issuer that was drawn for it.
    if (this.shelf.some(({ moments }) => moments !== null)) return;
    if (this.hasMoreToCome(nowMs)) demand(said !== "sold_out", "sold out was said with more to come");
    else demand(said !== "not_open", "not open was said with nothing to come");
    const left = this.stockLeft(nowMs);
    demand(left <= 0, "empty was said while there was stock", { said, shard, left, fresh: fresh.length });
  }

  /** Cards that calls of this moment may have voided. */
  readonly #voidedNow = new Set<BookedCard>();

  noteVoided(cards: readonly BookedCard[]): void {
    this.#voidedNow.clear();
    for (const card of cards) this.#voidedNow.add(card);
  }
}

function requestOf({ draw, result: { cardId, expiresAtMs } }: SeenCard): Request {
  return { draw, cardId, expiresAtMs };
}

function isLive({ possible }: BookedCard): boolean {
  return possible.some(({ state }) => state !== "voided");
}

function isSameDraw(a: Draw, b: Draw): boolean {
  return a.recipient === b.recipient && a.lineUserId === b.lineUserId && a.metadata === b.metadata;
}

function dayOf(atMs: number): number {
  return Math.floor((atMs - MIDNIGHT_MS) / DAY_MS);
}
