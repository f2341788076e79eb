import type { CardReply, CardState } from "../protocol.ts";

/** What a card is, as far as its callers can tell. */
export interface CardTruth {
  readonly state: CardState;
  readonly user: string | null;
  readonly store: string | null;
}

export type CardCall =
  | { readonly type: "reveal" | "redeem"; readonly user: string }
  | { readonly type: "void" }
  | { readonly type: "use"; readonly store: string };

export interface CardTerms {
  readonly autoRedeem: boolean;
  readonly isCoupon: boolean;
  /** Its time to be redeemed is over: it may expire any moment, and is refused to its owner before it does. */
  readonly overdue: boolean;
}

interface Told {
  readonly status: CardReply["status"];
  readonly card: CardTruth;
}

/** The life of a card, said once more and independently: what one call at a time is answered, and what it makes of the card. */
function callCard(card: CardTruth, call: CardCall, terms: CardTerms): Told {
  const refuse = (status: CardReply["status"]): Told => ({ status, card });
  const waits = card.state === "issued" || card.state === "revealed";
  const handedOver = card.state === "redeemed" || card.state === "used";
  switch (call.type) {
    case "reveal":
    case "redeem": {
      if (card.user !== null && card.user !== call.user) return refuse("not_found");
      if (handedOver) return refuse("ok");
      if (!waits) return refuse(card.state);
      if (terms.overdue) return refuse("expired");
      if (call.type === "reveal") {
        if (card.state === "revealed") return refuse("ok");
        return { status: "ok", card: { ...card, user: call.user, state: terms.autoRedeem ? "redeemed" : "revealed" } };
      }
      return card.state === "revealed" ? { status: "ok", card: { ...card, state: "redeemed" } } : refuse("not_revealed");
    }
    case "void":
      if (handedOver) return refuse("already_redeemed");
      if (card.state === "expired" || (waits && terms.overdue)) return refuse("expired");
      return { status: "ok", card: { ...card, state: "voided" } };
    case "use":
      if (waits) return refuse(terms.overdue ? "expired" : "not_redeemed");
      if (card.state === "used") return refuse("already_used");
      if (card.state !== "redeemed") return refuse(card.state);
      return terms.isCoupon ? { status: "ok", card: { ...card, state: "used", store: call.store } } : refuse("not_found");
  }
}

/** Null: the caller was not answered; the call was done or not. */
export interface AnsweredCall {
  readonly call: CardCall;
  readonly reply: CardReply | null;
}

/** What the card may be after calls that were made at once, in whatever order explains the answers; nothing where none does. */
export function explainCalls(possible: readonly CardTruth[], calls: readonly AnsweredCall[], terms: CardTerms): CardTruth[] {
  const ends = new Map<string, CardTruth>();
  const seen = new Set<string>();
  const walk = (card: CardTruth, left: readonly AnsweredCall[]): void => {
    const key = `${JSON.stringify(card)} ${left.map((one) => calls.indexOf(one)).join()}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (left.every(({ reply }) => reply === null)) ends.set(JSON.stringify(card), card);
    if (terms.overdue && (card.state === "issued" || card.state === "revealed")) walk({ ...card, state: "expired" }, left);
    for (const one of left) {
      const told = callCard(card, one.call, terms);
      if (one.reply !== null && !isTold(one.reply, told)) continue;
      walk(
        told.card,
        left.filter((other) => other !== one),
      );
    }
  };
  for (const card of possible) walk(card, calls);
  return [...ends.values()];
}

function isTold(reply: CardReply, { status, card }: Told): boolean {
  if (reply.status !== status) return false;
  if (!("card" in reply)) return true;
  return reply.card.state === card.state && reply.card.lineUserId === card.user && reply.card.store === card.store;
}
