import type { DrawAnswer, DrawRequest } from "../../scripts/partner-client.ts";
import type { RewardView } from "../../scripts/player-client.ts";
import type { Terminal } from "../../scripts/terminal.ts";

/** What is wrong: `lost`, an answer that was given does not hold; `doubled`, something was given twice; `unbalanced`, the books do not agree. */
export interface Finding {
  readonly kind: "lost" | "doubled" | "unbalanced";
  readonly text: string;
}

const MAX_SHOWN_FINDINGS = 20;

/** Says what was found, and where to look; counts it by its kind. */
export function tellFindings(
  terminal: Terminal,
  findings: readonly Finding[],
  { seed, folder }: { readonly seed: number; readonly folder: string },
): Record<Finding["kind"], number> {
  for (const { kind, text } of findings.slice(0, MAX_SHOWN_FINDINGS)) terminal.say(`  ${kind}: ${text}`);
  if (findings.length > MAX_SHOWN_FINDINGS) terminal.say(`  and ${findings.length - MAX_SHOWN_FINDINGS} more`);
  if (findings.length > 0) terminal.say(`seed ${seed}; state, keys and the server's log stay in ${folder}`);
  const count = (kind: Finding["kind"]) => findings.filter((one) => one.kind === kind).length;
  return { lost: count("lost"), doubled: count("doubled"), unbalanced: count("unbalanced") };
}

/** A draw that was answered for good. */
export interface ToldDraw {
  readonly campaign: string;
  readonly request: DrawRequest;
  /** Null: refused, by its limit. */
  readonly cardId: string | null;
}

/** A card as its user heard of it. */
export interface ToldCard {
  readonly campaign: string;
  readonly cardId: string;
  readonly recipient: string;
  /** Null while nobody has revealed it. */
  prize: string | null;
  user: string | null;
  redeemed: boolean;
  voided: boolean;
  code: string | null;
}

/** Everything that the app has answered, held against itself: an answer that contradicts an earlier one is a finding at once. */
export class Told {
  readonly findings: Finding[] = [];
  readonly draws = new Map<string, ToldDraw>();
  readonly cards = new Map<string, ToldCard>();
  /** Holder of each code. */
  readonly #codes = new Map<string, string>();
  #acked = 0;

  /** Answers that were heard, a repetition not counted. */
  get acked(): number {
    return this.#acked;
  }

  find(kind: Finding["kind"], text: string): void {
    this.findings.push({ kind, text });
  }

  draw(campaign: string, request: DrawRequest, answer: Pick<DrawAnswer, "status" | "cardId">): void {
    const { requestId, recipient = "" } = request;
    const before = this.draws.get(requestId);
    const cardId = answer.cardId ?? null;
    if (before !== undefined) {
      if (before.cardId !== cardId)
        this.find("lost", `${requestId} was answered ${before.cardId ?? "no card"}, then ${cardId ?? answer.status}`);
      return;
    }
    this.#acked += 1;
    this.draws.set(requestId, { campaign, request, cardId });
    if (cardId === null) return;
    if (this.cards.has(cardId)) this.find("doubled", `card ${cardId} was issued for ${requestId} and for another request`);
    else this.cards.set(cardId, { campaign, cardId, recipient, prize: null, user: null, redeemed: false, voided: false, code: null });
  }

  reveal(cardId: string, user: string, prize: string): void {
    const card = this.#card(cardId);
    if (card.prize === null) {
      this.#acked += 1;
      card.prize = prize;
      card.user = user;
      return;
    }
    if (card.prize !== prize) this.find("lost", `card ${cardId} was told to hold ${card.prize}, then ${prize}`);
    if (card.user !== user) this.find("doubled", `card ${cardId} was revealed to two users`);
  }

  redeem(cardId: string, user: string, { code = null }: { readonly code?: RewardView["code"] | null }): void {
    const card = this.#card(cardId);
    if (card.user !== user) this.find("doubled", `card ${cardId} was redeemed by a user who had not revealed it`);
    if (card.voided) this.find("doubled", `card ${cardId} was voided, and redeemed`);
    if (!card.redeemed) {
      this.#acked += 1;
      card.redeemed = true;
      card.code = code;
      this.#take(code, cardId);
      return;
    }
    if (card.code !== code) this.find("lost", `card ${cardId} was redeemed for ${card.code ?? "no code"}, then for ${code ?? "none"}`);
  }

  void(cardId: string): void {
    const card = this.#card(cardId);
    if (card.redeemed) this.find("doubled", `card ${cardId} was redeemed, and voided`);
    if (!card.voided) this.#acked += 1;
    card.voided = true;
  }

  #take(code: string | null, cardId: string): void {
    if (code === null) return;
    const holder = this.#codes.get(code);
    if (holder !== undefined) this.find("doubled", `code ${code} was given with card ${holder} and with card ${cardId}`);
    this.#codes.set(code, cardId);
  }

  #card(cardId: string): ToldCard {
    const card = this.cards.get(cardId);
    if (card === undefined) throw new Error("nobody was told of this card");
    return card;
  }
}
