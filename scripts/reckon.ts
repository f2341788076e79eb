import type { AdminInvariants } from "./admin-client.ts";
import type { SandboxGrant } from "./sandbox-grants.ts";

/** A card as its user saw it. */
export interface PlayedCard {
  readonly cardId: string;
  readonly prize: string;
}

export interface Reckoning {
  /** Cards drawn. */
  readonly cards: number;
  /** Winning cards per prize, as uploaded. */
  readonly manifest: ReadonlyMap<string, number>;
  readonly fallback: string;
  readonly played: readonly PlayedCard[];
  readonly balance: AdminInvariants;
  readonly grants: readonly SandboxGrant[];
}

interface PrizeLine {
  readonly prize: string;
  readonly kind: string;
  readonly loaded: number;
  readonly issued: number;
  readonly redeemed: number;
  /** Rewards that the ledger has as granted; a prize of kind `none` has none to grant. */
  readonly granted: number;
  /** Cards that the reward system granted; null for a prize that is delivered without it. */
  readonly delivered: number | null;
}

export interface Reckoned {
  readonly lines: readonly PrizeLine[];
  /** What is not as it must be, in words; empty when everything is. */
  readonly differences: readonly string[];
}

/**
 * Counts a campaign whose every card was drawn and played, in five books that nobody copies from each other: the uploaded manifest, what the users saw,
 * the issuers, the ledger, and the reward system's own list.
 */
export function reckon({ cards, manifest, fallback, played, balance, grants }: Reckoning): Reckoned {
  const differences = [...balance.differences];
  const expect = (what: string, actual: number, expected: number): void => {
    if (actual !== expected) differences.push(`${what}: ${actual}, not ${expected}`);
  };
  const winners = [...manifest.values()].reduce((sum, quantity) => sum + quantity, 0);
  const seen = countBy(played, ({ prize }) => prize);
  const granted = Map.groupBy(grants, ({ cardId }) => cardId);

  expect("cards played", new Set(played.map(({ cardId }) => cardId)).size, cards);
  expect("events that the ledger has not settled", balance.unsettled.blocks + balance.unsettled.events, 0);
  for (const [cardId, ofCard] of granted)
    if (ofCard.length !== 1) differences.push(`card ${cardId.slice(0, 8)}… was granted ${ofCard.length} times`);

  const lines = balance.prizes.map(({ prize, kind, loaded, issued, issuedAsFallback, redeemed, rewards }): PrizeLine => {
    const expected = (manifest.get(prize) ?? 0) + (prize === fallback ? cards - winners : 0);
    const delivered = kind === "webhook" ? grants.filter((grant) => grant.prize === prize).length : null;
    expect(`${prize}: loaded`, loaded, manifest.get(prize) ?? 0);
    expect(`${prize}: issued`, issued + issuedAsFallback, expected);
    expect(`${prize}: seen by its users`, seen.get(prize) ?? 0, expected);
    expect(`${prize}: redeemed`, redeemed, expected);
    expect(`${prize}: granted`, rewards.granted, kind === "none" ? 0 : expected);
    expect(`${prize}: pending or failed`, rewards.pending + rewards.failed, 0);
    if (delivered !== null) expect(`${prize}: granted by the reward system`, delivered, expected);
    return { prize, kind, loaded, issued: issued + issuedAsFallback, redeemed, granted: rewards.granted, delivered };
  });

  const wonByWebhook = new Set(
    played.filter(({ prize }) => lines.find((line) => line.prize === prize)?.kind === "webhook").map(({ cardId }) => cardId),
  );
  const strangers = [...granted.keys()].filter((cardId) => !wonByWebhook.has(cardId));
  expect("cards granted though they did not win it", strangers.length, 0);
  return { lines, differences };
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
