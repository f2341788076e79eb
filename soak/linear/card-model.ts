import type { Model } from "./check.ts";

export type CardInput =
  | { readonly type: "reveal" | "redeem"; readonly user: string }
  /** The partner takes the card back, or looks at it. */
  | { readonly type: "void" | "look" };

export type CardOutput =
  /** `prize` only of a card that was revealed. */
  | { readonly status: "ok"; readonly state: CardState["state"]; readonly prize: string | null }
  | { readonly status: "card_not_found" | "not_revealed" | "card_voided" | "already_redeemed" };

export interface CardState {
  readonly state: "issued" | "revealed" | "redeemed" | "voided";
  readonly owner: string | null;
  /** Whether it was revealed before it was taken back. */
  readonly revealed: boolean;
  /** Null while nobody has been told. */
  readonly prize: string | null;
}

interface Step {
  readonly after: CardState;
  readonly output: CardOutput;
}

const FRESH: CardState = { state: "issued", owner: null, revealed: false, prize: null };

/** What an unbound card does: it belongs to the first user that reveals it, is redeemed once it is revealed, and is taken back only before that. */
export function cardModel({ autoRedeem }: { readonly autoRedeem: boolean }): Model<CardState, CardInput, CardOutput> {
  return {
    initial: FRESH,
    key: (card) => JSON.stringify([card.state, card.owner, card.revealed, card.prize]),
    step(card, input, output) {
      const { after, output: due } = act(card, input, autoRedeem);
      if (output === null) return [after];
      if (output.status !== "ok" || due.status !== "ok") return output.status === due.status ? [after] : [];
      if (output.state !== due.state) return [];
      if (due.prize === null) return output.prize === null ? [after] : [];
      // The prize is what the first reply says, and ever the same.
      if (output.prize === null || (after.prize !== null && after.prize !== output.prize)) return [];
      return [{ ...after, prize: output.prize }];
    },
  };
}

function act(card: CardState, input: CardInput, autoRedeem: boolean): Step {
  switch (input.type) {
    case "look":
      return { after: card, output: shown(card) };
    case "void": {
      if (card.state === "redeemed") return { after: card, output: { status: "already_redeemed" } };
      const after = { ...card, state: "voided" } as const;
      return { after, output: { status: "ok", state: "voided", prize: null } };
    }
    case "reveal":
    case "redeem": {
      if (card.owner !== null && card.owner !== input.user) return { after: card, output: { status: "card_not_found" } };
      if (card.state === "voided") return { after: card, output: { status: "card_voided" } };
      return input.type === "reveal" ? reveal(card, input.user, autoRedeem) : redeem(card);
    }
  }
}

function reveal(card: CardState, user: string, autoRedeem: boolean): Step {
  const state = card.state === "redeemed" || autoRedeem ? "redeemed" : "revealed";
  const after: CardState = { ...card, state, owner: user, revealed: true };
  return { after, output: shown(after) };
}

/** The reply to a redemption does not name the prize. */
function redeem(card: CardState): Step {
  if (card.state === "issued") return { after: card, output: { status: "not_revealed" } };
  const after: CardState = { ...card, state: "redeemed" };
  return { after, output: { status: "ok", state: "redeemed", prize: null } };
}

/** `?` stands for a prize that has to be told, whichever it is. */
function shown({ state, revealed, prize }: CardState): CardOutput {
  return { status: "ok", state, prize: revealed ? (prize ?? "?") : null };
}
