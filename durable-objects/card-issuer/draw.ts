import type { CampaignRules, CardEvent, Draw } from "../protocol.ts";
import type { CardRow } from "./card.ts";
import type { IndexKeys } from "./index-keys.ts";
import type { OutboxRoom } from "./outbox.ts";
import type { StockCursor } from "./stock.ts";
import type { PoolState } from "./supply.ts";
import { TextTable } from "./text-table.ts";

/** A request id belongs to its recipient: the same id for another recipient is another draw, whose issuer may be another. */
export function drawKey({ requestId, recipient }: Pick<Draw, "requestId" | "recipient">): string {
  return recipient === null ? requestId : `${requestId}\0${recipient}`;
}

/** What the issuer knows of a draw that it has seen. */
export interface DrawnBefore {
  readonly seq: number;
  readonly drawnFor: string | null;
  readonly metadata: string | null;
  readonly expiresAtMs: number | null;
}

export interface RecipientCount {
  readonly total: number;
  readonly today: number;
}

export type DrawDecision =
  | { readonly status: "issued"; readonly seq: number; readonly expiresAtMs: number | null }
  | { readonly status: "replayed"; readonly seq: number; readonly expiresAtMs: number | null }
  | { readonly status: "conflict" | "not_open" | "limit_reached" | "sold_out" | "overloaded" }
  /** The stock held is used up and the pool may have more: decide again when its answer is here. */
  | { readonly status: "waiting" };

export interface DrawContext {
  readonly rules: CampaignRules;
  readonly nowMs: number;
  readonly nextSeq: number;
  readonly stock: StockCursor;
  readonly pool: PoolState;
  readonly room: OutboxRoom;
  /** By `drawKey`: draws of earlier flushes. */
  readonly drawnBefore: ReadonlyMap<string, DrawnBefore>;
  readonly counts: ReadonlyMap<string, RecipientCount>;
}

export interface DecidedDraws {
  readonly decisions: readonly DrawDecision[];
  readonly cards: readonly CardRow[];
}

function isOpen(rules: CampaignRules, nowMs: number): boolean {
  return rules.status === "open" && rules.startsAtMs <= nowMs && nowMs < rules.endsAtMs;
}

/**
 * Decides a whole flush of draws, in their order: a request seen before gets its card again (or `conflict`, if its content differs),
 * whatever the campaign's state; then the state, the limits, room in the outbox, the stock. Takes from `stock`; changes nothing else.
 */
export function decideDraws(draws: readonly Draw[], keys: IndexKeys, context: DrawContext): DecidedDraws {
  const { rules, nowMs, stock, drawnBefore } = context;
  const drawn = new TextTable<DrawnBefore>();
  const counts = new TextTable<RecipientCount>();
  const cards: CardRow[] = [];
  const expiresAtMs = rules.cardTtlMs === null ? null : nowMs + rules.cardTtlMs;

  const decide = (draw: Draw, i: number): DrawDecision => {
    const key = drawKey(draw);
    const [request, recipient] = [keys.requests[i] as number, keys.recipients[i] as number];
    const before = drawn.get(request, key) ?? (drawnBefore.size === 0 ? undefined : drawnBefore.get(key));
    if (before !== undefined) {
      if (!sameContent(draw, before)) return { status: "conflict" };
      return { status: "replayed", seq: before.seq, expiresAtMs: before.expiresAtMs };
    }
    if (!isOpen(rules, nowMs)) return { status: "not_open" };
    const count = draw.recipient === null ? null : (counts.get(recipient, draw.recipient) ?? countBefore(context, draw.recipient));
    if (count !== null && limitReached(rules, count)) return { status: "limit_reached" };
    if (context.room !== "all") return { status: "overloaded" };
    const taken = stock.take() ?? dealFallback(context);
    if (typeof taken === "string") return { status: taken };
    const seq = context.nextSeq + cards.length;
    cards.push({
      seq,
      requestId: draw.requestId,
      recipient: draw.recipient,
      drawnFor: draw.lineUserId,
      lineUserId: draw.lineUserId,
      metadata: draw.metadata,
      prize: taken.prize,
      segment: taken.segment,
      position: taken.position,
      code: taken.code,
      state: "issued",
      version: 1,
      issuedAtMs: nowMs,
      expiresAtMs,
      revealedAtMs: null,
      redeemedAtMs: null,
      usedAtMs: null,
      endedAtMs: null,
      store: null,
      returned: false,
    });
    drawn.set(request, key, { seq, drawnFor: draw.lineUserId, metadata: draw.metadata, expiresAtMs });
    if (draw.recipient !== null && count !== null) {
      counts.set(recipient, draw.recipient, { total: count.total + 1, today: count.today + 1 });
    }
    return { status: "issued", seq, expiresAtMs };
  };

  return { decisions: draws.map(decide), cards };
}

const NONE: RecipientCount = { total: 0, today: 0 };

/** Cards that a recipient has of earlier flushes. */
function countBefore({ counts }: DrawContext, recipient: string): RecipientCount {
  return (counts.size === 0 ? undefined : counts.get(recipient)) ?? NONE;
}

type Dealt = Pick<CardRow, "prize" | "segment" | "position" | "code">;

/** `sold_out` is said only when every card is issued; between two waves the campaign is not open. */
function dealFallback({ pool, rules }: DrawContext): Dealt | "waiting" | "sold_out" | "not_open" {
  if (pool === "unknown") return "waiting";
  if (rules.fallback !== null) return { prize: rules.fallback, segment: null, position: null, code: null };
  return pool === "exhausted" ? "sold_out" : "not_open";
}

function sameContent(draw: Draw, before: DrawnBefore): boolean {
  return draw.lineUserId === before.drawnFor && draw.metadata === before.metadata;
}

function limitReached({ limits }: CampaignRules, { total, today }: RecipientCount): boolean {
  return (
    (limits.perRecipient !== null && total >= limits.perRecipient) ||
    (limits.perRecipientPerDay !== null && today >= limits.perRecipientPerDay)
  );
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Built member by member: it is made for every card, and spreads of what may be absent cost more than all the rest of it. */
export function issuedEvent(card: CardRow, cardId: string): CardEvent {
  const { issuedAtMs, version, prize, requestId, recipient, lineUserId, metadata, expiresAtMs, segment, position } = card;
  const event: Writable<Extract<CardEvent, { type: "issued" }>> = {
    type: "issued",
    at: issuedAtMs,
    card: cardId,
    version,
    prize,
    request: requestId,
  };
  if (recipient !== null) event.recipient = recipient;
  if (lineUserId !== null) event.user = lineUserId;
  if (metadata !== null) event.metadata = metadata;
  if (expiresAtMs !== null) event.expires = expiresAtMs;
  if (segment !== null && position !== null) {
    event.segment = segment;
    event.position = position;
  }
  return event;
}
