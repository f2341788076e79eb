import type { TrailPoint } from "../../durable-objects/protocol.ts";
import type { Failure, OwnCards, PlayerApi, Reply } from "./api.ts";
import type { Boot } from "./boot.ts";
import { subjectOf } from "./id-token.ts";
import type { Line } from "./line.ts";
import type { Call, DrawRefusal, Event, State } from "./machine.ts";
import type { Memory } from "./memory.ts";
import { cardPath, type Route } from "./route.ts";

/** The world that an errand is run in; all of it is handed in. */
export interface World {
  readonly boot: Boot;
  readonly api: PlayerApi;
  readonly memory: Memory;
  openLine(boot: Boot): Promise<Line>;
  /** The page's address; read only after LINE has opened. */
  route(): Route | null;
  /** Shows another address without leaving the page. */
  goTo(path: string): void;
  nowMs(): number;
  /** Random in [0, 1). */
  dice(): number;
  readonly makeKey: () => string;
  isOnline(): boolean;
}

export interface Errands {
  /** LINE, once it has opened. */
  readonly line: Line | null;
  /** Makes the call that this state waits for, and says what came of it. */
  run(call: Call, state: State, trail: readonly TrailPoint[]): Promise<Event>;
  /** A page of the user's own cards. */
  ownCards(query: string): Promise<Reply<OwnCards>>;
}

export function errandsIn(world: World): Errands {
  const { api, boot, memory } = world;
  let line: Line | null = null;
  let user: string | null = null;
  /** Of a draw that has not been answered: another tab may have had its answer, and the key is kept no more. */
  let drawKey: string | null = null;

  const failed = (failure: Failure): Event => ({ type: "failed", failure, nowMs: world.nowMs(), dice: world.dice() });

  async function open(): Promise<Event> {
    line ??= await world.openLine(boot);
    const route = world.route();
    if (route === null || route.campaign !== boot.campaign) return failed(refusal(404, "campaign_not_found"));
    const idToken = await line.idToken();
    if (idToken === null) return { type: "signed_out", reason: line.inLine ? "token_refused" : "not_in_line" };
    user = subjectOf(idToken);
    return openCard(idToken, route.cardId);
  }

  /** One call opens the page: the session's own answer carries the card, and with a session that is held the card alone is asked for. */
  async function openCard(idToken: string, cardId: string | null): Promise<Event> {
    // By the server's clock, which ends it.
    if (memory.session(user, world.nowMs() + boot.behindMs) === null) {
      const reply = await beginSession(idToken, cardId);
      if (!reply.ok) return failed(reply.failure);
    } else if (cardId !== null) {
      const reply = await withSession((session) => api.face(session, cardId));
      if (!reply.ok) return failed(reply.failure);
    }
    return cardId === null
      ? { type: "opened", card: null, foil: "whole", refusal: refusalOf(boot, world.nowMs()) }
      : { type: "opened", card: { cardId }, foil: memory.foilOf(cardId), refusal: null };
  }

  function draw(): Promise<Event> {
    drawKey ??= memory.drawKey(user, world.makeKey);
    const key = drawKey;
    return ask(
      (session) => api.draw(session, key),
      ({ status, cardId }, sentMs) => {
        if (status === "overloaded") return failed(refusal(503, "overloaded"));
        memory.drawn(user, key);
        drawKey = null;
        if (status === "not_open") boot.behindMs = boot.leastBehindMs = boot.mostBehindMs = sentMs - world.nowMs();
        const card = cardId === undefined ? null : { cardId };
        const foil = card === null ? "whole" : memory.foilOf(card.cardId);
        if (card !== null) {
          // The answer was lost, and the card found and scratched all the same: who draws now wants another one.
          if (status === "replayed" && foil === "off") return draw();
          world.goTo(cardPath(boot.campaign, card.cardId));
        }
        return { type: "drawn", status, card, foil, refusal: refusalOf(boot, world.nowMs()) };
      },
    );
  }

  /** Makes a call of the session's, and tells its answer as an event. */
  async function ask<T>(
    call: (session: string) => Promise<Reply<T>>,
    told: (answer: T, sentMs: number) => Event | Promise<Event>,
  ): Promise<Event> {
    const reply = await withSession(call);
    return reply.ok ? told(reply.value, reply.sentMs) : failed(reply.failure);
  }

  async function beginSession(idToken: string, cardId: string | null) {
    const reply = await api.open(idToken, cardId);
    if (reply.ok) {
      const { session, expiresAt } = reply.value;
      memory.keepSession({ token: session, user, expiresAtMs: Date.parse(expiresAt) });
    }
    return reply;
  }

  /** Calls with the session that is held, for the phone's clock may be another by now; where the server knows it no more, with a new one, once. */
  async function withSession<T>(call: (session: string) => Promise<Reply<T>>): Promise<Reply<T>> {
    const held = memory.session(user, Number.NEGATIVE_INFINITY);
    if (held !== null) {
      const reply = await call(held.token);
      if (reply.ok || reply.failure.kind === "network" || reply.failure.code !== "session_invalid") return reply;
      memory.dropSession();
    }
    const idToken = (await line?.idToken().catch(() => null)) ?? null;
    if (idToken === null) return { ok: false, failure: refusal(401, "line_token_invalid") };
    const begun = await beginSession(idToken, null);
    return begun.ok ? call(begun.value.session) : begun;
  }

  async function make(call: Call, state: State, trail: readonly TrailPoint[]): Promise<Event> {
    switch (call) {
      case "open":
        return open();
      case "draw":
        return draw();
      case "reveal":
        return ask(
          (session) => api.reveal(session, cardOf(state), trail),
          (won) => ({ type: "revealed", won }),
        );
      case "redeem":
        return ask(
          (session) => api.redeem(session, cardOf(state)),
          (answer) => ({ ...answer, type: "redeemed", nowMs: world.nowMs() }),
        );
      case "reward":
        return ask(
          (session) => api.reward(session, cardOf(state)),
          (reward) => ({ type: "reward_seen", reward, nowMs: world.nowMs() }),
        );
    }
  }

  return {
    get line() {
      return line;
    },
    ownCards: (query) => withSession((session) => api.ownCards(session, query)),
    run: async (call, state, trail) => {
      try {
        return await make(call, state, trail);
      } catch {
        // LINE could not be reached, or something is not what it should be: nobody is left waiting.
        return failed({ kind: "network", offline: !world.isOnline() });
      }
    },
  };
}

function cardOf(state: State): string {
  if (!("card" in state)) throw new TypeError(state.state);
  return state.card.cardId;
}

function refusal(status: number, code: (Failure & { kind: "problem" })["code"]): Failure {
  return { kind: "problem", status, code, retryAfterMs: null };
}

/** Why this campaign deals no cards to who comes without one; those that were dealt live on. Of two clocks that differ, the one that lets draw is believed. */
function refusalOf({ dates, selfService, leastBehindMs, mostBehindMs }: Boot, nowMs: number): DrawRefusal | null {
  if (!selfService) return "by_invitation";
  if (nowMs + mostBehindMs < Date.parse(dates.startsAt)) return "not_started";
  return nowMs + leastBehindMs >= Date.parse(dates.endsAt) ? "ended" : null;
}
