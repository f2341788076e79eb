import type { Card, Drawn, Failure, Revealed, Reward } from "./api.ts";
import type { Foil } from "./memory.ts";
import { isPassing, MAX_ATTEMPTS, waitAfter, type WaitReason } from "./retry.ts";

/** The calls that a state may be waiting for. */
export type Call = "open" | "draw" | "reveal" | "redeem" | "reward";

/** A call under way (`untilMs` null) or to be made again later. Each attempt is a new object, so a late reply to an old one is known as such. */
export interface Errand {
  readonly failures: number;
  readonly untilMs: number | null;
  /** Why it had to wait last; it stays while the next attempt is under way. */
  readonly reason: WaitReason | null;
}

/** Why the page has come to an end: a refusal that no repetition cures, or what the user may try again (`mayReopen`). */
export type ClosedReason =
  | "campaign_not_found"
  | "card_not_found"
  | "card_expired"
  | "card_voided"
  | "campaign_state"
  | "unreachable"
  | "broken";

/** Why no card was drawn. */
export type DrawRefusal = "by_invitation" | "not_started" | "ended" | "not_open" | "limit_reached" | "sold_out";

export type State =
  /** LINE, the session and the card's face are being fetched. */
  | { readonly state: "opening"; readonly errand: Errand }
  /** LINE does not say who this is: opened in another browser, or its token is too old. */
  | { readonly state: "outside"; readonly reason: "not_in_line" | "token_refused" }
  /** No card yet; a button draws one. */
  | { readonly state: "lobby"; readonly refusal: DrawRefusal | null }
  | { readonly state: "drawing"; readonly errand: Errand }
  /** The foil is whole and nothing has been asked. */
  | { readonly state: "covered"; readonly card: Card }
  /** Touched: the prize has been asked for, and the foil holds. `foil` is false for a card whose foil came off on an earlier visit. */
  | { readonly state: "asking"; readonly card: Card; readonly foil: boolean; readonly errand: Errand }
  /** The prize lies under the foil, which now comes off. */
  | { readonly state: "loosened"; readonly card: Card; readonly won: Revealed }
  /** Won, and not redeemed yet: the button waits. */
  | { readonly state: "revealed"; readonly card: Card; readonly won: Revealed }
  | { readonly state: "thanks"; readonly card: Card; readonly won: Revealed }
  | { readonly state: "redeeming"; readonly card: Card; readonly won: Revealed; readonly errand: Errand }
  /**
   * Redeemed. The errand asks whether the reward has arrived, or the coupon was used; null: nothing more to ask. `visits`: how often the page was opened
   * with it, or returned to; 0 where it has just been won.
   */
  | {
      readonly state: "rewarded";
      readonly card: Card;
      readonly won: Revealed;
      readonly reward: Reward;
      readonly errand: Errand | null;
      readonly visits: number;
    }
  | { readonly state: "closed"; readonly reason: ClosedReason };

export type Event =
  /** `foil`: as an earlier visit left it. `card` null: there is none yet. */
  | { readonly type: "opened"; readonly card: Card | null; readonly foil: Foil; readonly refusal: DrawRefusal | null }
  | { readonly type: "signed_out"; readonly reason: "not_in_line" | "token_refused" }
  /** The campaign has begun while the page waited for it. */
  | { readonly type: "started" }
  | { readonly type: "draw_pressed" }
  | {
      readonly type: "drawn";
      readonly status: Drawn["status"];
      readonly card: Card | null;
      /** Of a card that was drawn before, and its answer lost. */
      readonly foil: Foil;
      readonly refusal: DrawRefusal | null;
    }
  | { readonly type: "touched" }
  | { readonly type: "revealed"; readonly won: Revealed }
  | { readonly type: "uncovered" }
  | { readonly type: "redeem_pressed" }
  /** `state`: of the card, which another tab may have redeemed, and a till taken, before. */
  | { readonly type: "redeemed"; readonly state: Revealed["state"]; readonly reward: Reward; readonly nowMs: number }
  | { readonly type: "reward_seen"; readonly reward: Reward; readonly nowMs: number }
  | { readonly type: "failed"; readonly failure: Failure; readonly nowMs: number; readonly dice: number }
  | { readonly type: "wait_over" }
  | { readonly type: "back_online" }
  /** The user has come back to the page after so long, or the page to its user, or asks to try again. */
  | { readonly type: "returned"; readonly nowMs: number; readonly awayMs: number };

/** How often a reward on its way is asked for before the page stops asking; it arrives all the same. */
const MAX_REWARD_POLLS = 14;
const FIRST_POLL_MS = 1_000;
const LONGEST_POLL_MS = 15_000;
const POLL_GROWTH = 1.5;

/** Who was told that there is no card is told so again after a look elsewhere; after this there may be one. */
const STALE_REFUSAL_MS = 600_000;

/** A new object each time: the player knows an errand by its identity. */
const fresh = (): Errand => ({ failures: 0, untilMs: null, reason: null });

export const OPENING: State = { state: "opening", errand: fresh() };

const CALLS: Readonly<Record<Extract<State, { readonly errand: unknown }>["state"], Call>> = {
  opening: "open",
  drawing: "draw",
  asking: "reveal",
  redeeming: "redeem",
  rewarded: "reward",
};

/** The call that this state waits for, if any. */
export function errandOf(state: State): { readonly call: Call; readonly errand: Errand } | null {
  if (!("errand" in state) || state.errand === null) return null;
  // A coupon is its own reward; what may change is the state of its card.
  const isCoupon = state.state === "rewarded" && state.won.prize.kind === "coupon";
  return { call: isCoupon ? "reveal" : CALLS[state.state], errand: state.errand };
}

/** The page's next state. An event that means nothing in a state leaves it as it is: a second press of a button, a late reply. */
export function step(state: State, event: Event): State {
  switch (event.type) {
    case "opened":
      return state.state === "opening" ? opened(event) : state;
    case "signed_out":
      return state.state === "closed" ? state : { state: "outside", reason: event.reason };
    case "started":
      return state.state === "lobby" && state.refusal === "not_started" ? { state: "lobby", refusal: null } : state;
    case "draw_pressed":
      return state.state === "lobby" ? { state: "drawing", errand: fresh() } : state;
    case "drawn":
      return state.state === "drawing" ? drawn(event) : state;
    case "touched":
      return state.state === "covered" ? { state: "asking", card: state.card, foil: true, errand: fresh() } : state;
    case "revealed":
      if (state.state === "rewarded") return { ...state, won: event.won, errand: null };
      if (state.state !== "asking") return state;
      return state.foil ? { state: "loosened", card: state.card, won: event.won } : uncovered(state.card, event.won, 1);
    case "uncovered":
      return state.state === "loosened" ? uncovered(state.card, state.won, 0) : state;
    case "redeem_pressed":
      return state.state === "revealed" ? { state: "redeeming", card: state.card, won: state.won, errand: fresh() } : state;
    case "redeemed":
      if (state.state !== "redeeming") return state;
      return rewarded(state.card, { ...state.won, state: event.state }, event.reward, 0, event.nowMs, 0);
    case "reward_seen":
      if (state.state !== "rewarded" || state.errand === null) return state;
      return rewarded(state.card, state.won, event.reward, state.errand.failures + 1, event.nowMs, state.visits);
    case "failed":
      return failed(state, event);
    case "wait_over":
      return withErrand(state, (errand) => (errand.untilMs === null ? errand : { ...errand, untilMs: null }));
    case "back_online":
      if (mayReopen(state)) return { state: "opening", errand: fresh() };
      return withErrand(state, (errand) =>
        errand.untilMs !== null && errand.reason === "offline" ? { ...errand, untilMs: null } : errand,
      );
    case "returned":
      return returned(state, event);
  }
}

function opened({ card, foil, refusal }: Pick<Event & { type: "opened" }, "card" | "foil" | "refusal">): State {
  if (card === null) return { state: "lobby", refusal };
  return foil === "whole" ? { state: "covered", card } : { state: "asking", card, foil: foil === "touched", errand: fresh() };
}

function drawn({ status, card, foil, refusal }: Event & { type: "drawn" }): State {
  switch (status) {
    case "limit_reached":
    case "sold_out":
      return { state: "lobby", refusal: status };
    case "not_open":
      return { state: "lobby", refusal: refusal ?? status };
    case "issued":
    case "replayed":
    case "conflict":
    case "overloaded":
      return opened({ card, foil, refusal: null });
  }
}

/** The foil is off: a win waits for its redemption, unless the campaign redeemed it in the same step. */
function uncovered(card: Card, won: Revealed, visits: number): State {
  if (won.prize.kind === "none") return { state: "thanks", card, won };
  if (!isRedeemed(won)) return { state: "revealed", card, won };
  const reward = won.reward ?? { status: "pending" };
  return { state: "rewarded", card, won, reward, errand: isSettled(reward) ? null : fresh(), visits };
}

/** Whether nobody has to press a button for this prize any more. */
export function isRedeemed({ state }: Revealed): boolean {
  return state === "redeemed" || state === "used";
}

/** Nothing more will come: delivered, refused, or already in the user's hand. */
function isSettled({ status, code, coupon }: Reward): boolean {
  return status !== "pending" || code !== undefined || coupon !== undefined;
}

/** Delivered for good, and what was delivered used up. */
function isOver({ won, reward }: { readonly won: Revealed; readonly reward: Reward }): boolean {
  return won.prize.kind === "coupon" ? won.state === "used" : reward.status === "granted";
}

function rewarded(card: Card, won: Revealed, reward: Reward, polls: number, nowMs: number, visits: number): State {
  const asks = !isSettled(reward) && polls < MAX_REWARD_POLLS;
  const waitMs = Math.min(LONGEST_POLL_MS, FIRST_POLL_MS * POLL_GROWTH ** polls);
  return {
    state: "rewarded",
    card,
    won,
    reward,
    errand: asks ? { failures: polls, untilMs: nowMs + Math.round(waitMs), reason: "on_its_way" } : null,
    visits,
  };
}

/** Closed for a while, not for good, as far as the page can know. */
export function mayReopen(state: State): boolean {
  return state.state === "closed" && ["unreachable", "campaign_state", "broken"].includes(state.reason);
}

/**
 * A page that slept goes on at once, but for the wait that the server asked for. A coupon may have been used meanwhile, a reward have arrived, the next day
 * have come, or cards.
 */
function returned(state: State, { nowMs, awayMs }: Event & { type: "returned" }): State {
  if (mayReopen(state)) return { state: "opening", errand: fresh() };
  if (state.state === "rewarded" && state.errand === null && !isOver(state)) {
    return { ...state, errand: fresh(), visits: state.visits + (awayMs > 0 ? 1 : 0) };
  }
  if (state.state === "lobby" && awayMs >= STALE_REFUSAL_MS && (state.refusal === "limit_reached" || state.refusal === "sold_out")) {
    return { state: "lobby", refusal: null };
  }
  return withErrand(state, (errand) =>
    errand.untilMs !== null && (errand.reason !== "busy" || errand.untilMs <= nowMs) ? { ...errand, untilMs: null } : errand,
  );
}

function failed(state: State, { failure, nowMs, dice }: Event & { type: "failed" }): State {
  const current = errandOf(state);
  if (current === null) return state;
  // Without a network nobody is asked, so nobody is asked too often.
  const failures = current.errand.failures + (failure.kind === "network" && failure.offline ? 0 : 1);
  const passes = isPassing(failure);
  if (passes && failures <= MAX_ATTEMPTS) return withErrand(state, () => ({ failures, ...waitAfter(failure, failures, nowMs, dice) }));
  // What was redeemed stays on the screen; only the asking ends.
  if (state.state === "rewarded") return { ...state, errand: null };
  return passes ? { state: "closed", reason: "unreachable" } : refused(state, failure);
}

function refused(state: State, failure: Failure): State {
  const code = failure.kind === "problem" ? failure.code : "unknown";
  switch (code) {
    case "line_token_invalid":
    case "session_invalid":
      return { state: "outside", reason: "token_refused" };
    case "campaign_not_found":
    case "card_not_found":
    case "card_expired":
    case "card_voided":
    case "campaign_state":
      return { state: "closed", reason: code };
    case "not_revealed":
      // The card is ours but its reveal never reached the server: ask for the prize again.
      return state.state === "redeeming"
        ? { state: "asking", card: state.card, foil: false, errand: fresh() }
        : { state: "closed", reason: "broken" };
    default:
      return { state: "closed", reason: "broken" };
  }
}

function withErrand(state: State, change: (errand: Errand) => Errand): State {
  const current = errandOf(state);
  if (current === null) return state;
  const errand = change(current.errand);
  return errand === current.errand ? state : ({ ...state, errand } as State);
}
