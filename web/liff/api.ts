import type { CardState, PrizeKind, TrailPoint } from "../../durable-objects/protocol.ts";
import { parseRetryAfter } from "../../durable-objects/retry-after.ts";
import type { ProblemCode } from "../../worker/problem.ts";
import type { LocalText } from "./text/language.ts";

/** Longer than any healthy answer, shorter than a user's patience; the call is repeated. */
const TIMEOUT_MS = 12_000;
/** A server that is slow for all must get through in the end: each call that was given up doubles the time of those after it, up to this. */
const LONGEST_TIMEOUT_MS = 60_000;

export interface Card {
  readonly cardId: string;
}

export interface Opened {
  readonly session: string;
  readonly expiresAt: string;
}

export interface Prize {
  readonly id: string;
  readonly name: LocalText;
  readonly kind: PrizeKind;
  readonly image?: string;
}

export interface Reward {
  readonly status: "none" | "pending" | "granted" | "failed";
  /** Of a prize of kind `code`. */
  readonly code?: string;
  /** Of a prize of kind `coupon`: what the store scans. */
  readonly coupon?: string;
}

export interface Revealed {
  readonly state: CardState;
  readonly prize: Prize;
  /** Until when the card can be redeemed; absent where it does not expire. */
  readonly expiresAt?: string;
  readonly reward?: Reward;
}

export interface Drawn {
  readonly status: "issued" | "replayed" | "limit_reached" | "sold_out" | "not_open" | "conflict" | "overloaded";
  readonly cardId?: string;
}

/** A card of the user, as the ledger shows it: about a second behind. */
export interface OwnCard {
  readonly cardId: string;
  readonly state: CardState;
  readonly issuedAt?: string;
  readonly expiresAt?: string;
  /** Only of a card that was scratched. */
  readonly prize?: Prize;
}

export interface OwnCards {
  readonly cards: readonly OwnCard[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

export type Failure =
  | { readonly kind: "network"; readonly offline: boolean }
  | {
      readonly kind: "problem";
      readonly status: number;
      readonly code: ProblemCode | "unknown";
      /** How long the server asked to be left alone. */
      readonly retryAfterMs: number | null;
    };

/** `sentMs`: by the server's clock, where the answer tells it. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T; readonly sentMs: number }
  | { readonly ok: false; readonly failure: Failure };

/** The player's calls. A session is the bearer token that `open` gave. */
export interface PlayerApi {
  open(idToken: string, cardId: string | null): Promise<Reply<Opened>>;
  /** Whether the card can be shown; its face is the campaign's, which the page has. */
  face(session: string, cardId: string): Promise<Reply<object>>;
  /** `key` makes the draw idempotent: the same key gives the same card. */
  draw(session: string, key: string): Promise<Reply<Drawn>>;
  reveal(session: string, cardId: string, trail: readonly TrailPoint[]): Promise<Reply<Revealed>>;
  redeem(session: string, cardId: string): Promise<Reply<{ readonly state: CardState; readonly reward: Reward }>>;
  reward(session: string, cardId: string): Promise<Reply<Reward>>;
  /** Newest first; `query` is empty, or names the cursor of a page. */
  ownCards(session: string, query: string): Promise<Reply<OwnCards>>;
}

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** The player API of one campaign, on the page's own origin. Nothing is thrown: every fault is a `Failure`. */
export function playerApi(campaign: string, fetch: Fetch, isOnline: () => boolean, nowMs: () => number): PlayerApi {
  let timeoutMs = TIMEOUT_MS;

  /** An answer without `essential` is not the server's own, and a fault like any other. */
  async function call<T>(
    essential: (keyof T & string) | null,
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Reply<T>> {
    try {
      const response = await fetch(`/player/v1${path}`, {
        method,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        // Of nothing this is nothing.
        body: JSON.stringify(body),
        credentials: "omit",
        // Chrome before 103 and Safari before 16 have none, and give up by themselves.
        signal: AbortSignal.timeout?.(timeoutMs),
      });
      // A phone's clock may be hours off.
      const sentMs = Date.parse(response.headers.get("date") ?? "") || nowMs();
      if (!response.ok) return { ok: false, failure: await readProblem(response, sentMs) };
      const value = (await response.json()) as T;
      if (essential !== null && (value[essential] ?? null) === null) throw new TypeError(essential);
      return { ok: true, value, sentMs };
    } catch (error) {
      if ((error as Error).name === "TimeoutError") timeoutMs = Math.min(LONGEST_TIMEOUT_MS, timeoutMs * 2);
      return { ok: false, failure: { kind: "network", offline: !isOnline() } };
    }
  }
  const bearer = (session: string) => ({ authorization: `Bearer ${session}` });
  const card = (cardId: string) => `/campaigns/${campaign}/cards/${cardId}`;

  return {
    open: (idToken, cardId) => call("session", "POST", "/session", {}, { campaign, idToken, ...(cardId === null ? {} : { cardId }) }),
    face: (session, cardId) => call(null, "GET", card(cardId), bearer(session)),
    draw: (session, key) => call("status", "POST", `/campaigns/${campaign}/play`, { ...bearer(session), "idempotency-key": key }),
    reveal: (session, cardId, trail) => call("prize", "POST", `${card(cardId)}/reveal`, bearer(session), { trail }),
    redeem: (session, cardId) => call("reward", "POST", `${card(cardId)}/redeem`, bearer(session)),
    reward: (session, cardId) => call("status", "GET", `${card(cardId)}/reward`, bearer(session)),
    ownCards: (session, query) => call("cards", "GET", `/campaigns/${campaign}/cards${query}`, bearer(session)),
  };
}

/** A refusal in words that the page can act on; a body that is no problem document (a proxy's page) is `unknown`. */
async function readProblem(response: Response, sentMs: number): Promise<Failure> {
  const problem = (await response.json().catch(() => null)) as { code?: ProblemCode } | null;
  const code = problem?.code ?? "unknown";
  return {
    kind: "problem",
    status: response.status,
    code,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), sentMs),
  };
}
