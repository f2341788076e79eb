import type { AdminInvariants, PrizeBalance } from "../../scripts/admin-client.ts";
import type { PartnerCard } from "../../scripts/partner-client.ts";
import type { SandboxGrant } from "../../scripts/sandbox-grants.ts";
import type { Finding, ToldCard } from "./told.ts";

/** A campaign as every book has it once all is settled. */
export interface Books {
  readonly campaign: string;
  /** Winning cards uploaded, per prize. */
  readonly loaded: ReadonlyMap<string, number>;
  /** Cards that one recipient may have. */
  readonly limit: number;
  /** What was answered to the partner and the users. */
  readonly cards: readonly ToldCard[];
  /** The cards that were touched, as the app shows them now. */
  readonly shown: ReadonlyMap<string, Pick<PartnerCard, "state"> & { readonly prize?: unknown }>;
  readonly balance: AdminInvariants;
  readonly grants: readonly SandboxGrant[];
}

const GRANTED_BY_PROVIDER = "webhook";

/** Holds the books of a campaign against each other, and names what does not agree. */
export function judge(books: Books): Finding[] {
  return [...judgeCards(books), ...judgeLimits(books), ...judgeGrants(books), ...judgeBalance(books)];
}

/** Whether somebody was told more of the card than that it was issued. */
export function wasTouched({ prize, voided }: ToldCard): boolean {
  return prize !== null || voided;
}

/** Every card is as its user was told. */
function judgeCards({ cards, shown }: Books): Finding[] {
  return cards.flatMap((card): Finding[] => {
    const { cardId, prize, redeemed, voided } = card;
    if (!wasTouched(card)) return [];
    const now = shown.get(cardId);
    if (now === undefined) return [lost(`card ${cardId} is not there any more`)];
    if (prize !== null && now.prize !== prize) return [lost(`card ${cardId} was told to hold ${prize}, and holds ${String(now.prize)}`)];
    const state = voided ? "voided" : redeemed ? "redeemed" : "revealed";
    return now.state === state ? [] : [lost(`card ${cardId} was ${state}, and is ${now.state}`)];
  });
}

/** A card that was taken back does not count. */
function judgeLimits({ cards, limit }: Books): Finding[] {
  const perRecipient = Map.groupBy(
    cards.filter(({ voided }) => !voided),
    ({ recipient }) => recipient,
  );
  return [...perRecipient].flatMap(([recipient, own]): Finding[] =>
    own.length > limit ? [doubled(`${recipient} has ${own.length} cards, of at most ${limit}`)] : [],
  );
}

/** A redeemed card of a provider's prize was granted there, once; no other card was. */
function judgeGrants({ cards, balance, grants }: Books): Finding[] {
  const kinds = new Map(balance.prizes.map(({ prize, kind }) => [prize, kind]));
  const granted = Map.groupBy(grants, ({ cardId }) => cardId);
  const won = cards.filter(({ redeemed, prize }) => redeemed && kinds.get(prize ?? "") === GRANTED_BY_PROVIDER);
  const winners = new Set(won.map(({ cardId }) => cardId));
  return [
    ...won.flatMap(({ cardId, prize }): Finding[] => {
      const own = granted.get(cardId) ?? [];
      if (own.length === 0) return [lost(`card ${cardId} was redeemed, and never granted`)];
      if (own.length > 1) return [doubled(`card ${cardId} was granted ${own.length} times`)];
      return own[0]?.prize === prize ? [] : [doubled(`card ${cardId} holds ${prize ?? "nothing"}, and was granted ${own[0]?.prize ?? ""}`)];
    }),
    ...[...granted.keys()].flatMap((cardId): Finding[] =>
      winners.has(cardId) ? [] : [doubled(`card ${cardId} was granted, and not redeemed by anybody`)],
    ),
  ];
}

/** Pool, issuers and ledger agree, and count what was uploaded and what was answered. */
function judgeBalance({ campaign, loaded, cards, balance }: Books): Finding[] {
  const findings = balance.differences.map((difference) => unbalanced(`${campaign}: ${difference}`));
  const expect = (what: string, actual: number, expected: number): void => {
    if (actual !== expected) findings.push(unbalanced(`${campaign}: ${what}: ${actual}, not ${expected}`));
  };
  const total = (count: (prize: PrizeBalance) => number) => balance.prizes.reduce((sum, prize) => sum + count(prize), 0);
  expect("events that the ledger has not settled", balance.unsettled.blocks + balance.unsettled.events, 0);
  expect(
    "rewards that are pending or failed",
    total(({ rewards }) => rewards.pending + rewards.failed),
    0,
  );
  expect("cards at the issuers", total(issuedInAll), cards.length);
  expect(
    "cards redeemed",
    total(({ redeemed }) => redeemed),
    cards.filter(({ redeemed }) => redeemed).length,
  );
  for (const one of balance.prizes) {
    const { prize, loaded: inPool, issued } = one;
    expect(`${prize}: loaded`, inPool, loaded.get(prize) ?? 0);
    if (issued > inPool) findings.push(doubled(`${campaign}: ${prize} was issued ${issued} times, of ${inPool}`));
    const seen = cards.filter((card) => card.prize === prize).length;
    if (seen > issuedInAll(one)) findings.push(doubled(`${campaign}: ${prize} was seen ${seen} times, and issued less often`));
  }
  return findings;
}

function issuedInAll({ issued, returned, issuedAsFallback }: PrizeBalance): number {
  return issued + returned + issuedAsFallback;
}

const lost = (text: string): Finding => ({ kind: "lost", text });
const doubled = (text: string): Finding => ({ kind: "doubled", text });
const unbalanced = (text: string): Finding => ({ kind: "unbalanced", text });
