import type { ListedGrant } from "../../rewards/list-grants.ts";
import { HELD_UNTIL_MS } from "../held-rewards.ts";
import type { RewardRow } from "../queries.ts";

/** What one side knows of, in the order of ids, bytewise. `upTo`: it may know of more after this id; null: it does not. */
export interface Stretch<Item> {
  readonly items: readonly Item[];
  readonly upTo: string | null;
}

/** Stretches of several ledgers as one, as far as all of them go; all begin after the same id. */
export function mergeStretches(stretches: readonly Stretch<string>[]): Stretch<string> {
  const upTo = stretches.map((stretch) => stretch.upTo).reduce(earlier, null);
  const items = stretches.flatMap((stretch) => stretch.items.filter((id) => upTo === null || id <= upTo));
  return { items: items.sort(), upTo };
}

export interface ComparedStretch {
  /** As far as both go; null: to the end. */
  readonly upTo: string | null;
  /** On both sides. */
  readonly same: number;
  /** Cards that the ledger has as granted, and the provider has not. */
  readonly missing: readonly string[];
  /** Grants that the ledger did not have as granted when it was read. */
  readonly unseen: readonly ListedGrant[];
}

/** Holds a stretch of the ledger's granted cards against one of a provider's grants, as far as both go; both begin after the same id. */
export function compareStretches(granted: Stretch<string>, listed: Stretch<ListedGrant>): ComparedStretch {
  const upTo = earlier(granted.upTo, listed.upTo);
  const within = (id: string) => upTo === null || id <= upTo;
  const cards = granted.items.filter(within);
  const grants = listed.items.filter(({ id }) => within(id));
  const [seen, known] = [new Set(cards), new Set(grants.map(({ id }) => id))];
  const missing = cards.filter((card) => !known.has(card));
  return { upTo, same: cards.length - missing.length, missing, unseen: grants.filter(({ id }) => !seen.has(id)) };
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

/** Whose grants are compared. */
export interface Granter {
  readonly campaign: string;
  readonly provider: string;
  /** The campaign's prizes that this provider hands over. */
  readonly prizes: readonly string[];
}

/**
 * What a grant comes to whose reward the ledger did not have as granted, by that reward read after the list: `waiting` where the outcome is on its way to the ledger,
 * `told` where the reward was held because nothing told its outcome, else the fault.
 */
export function judgeUnseen(
  { campaign, provider, prizes }: Granter,
  { grantedAt }: ListedGrant,
  reward: Pick<RewardRow, "campaign" | "prize" | "kind" | "status" | "nextAttemptAt"> | null,
): { readonly status: "same" | "waiting" | "told" } | { readonly status: "different"; readonly fault: string } {
  const has = `provider ${provider} has granted it (${new Date(grantedAt).toISOString()})`;
  if (reward === null) return { status: "different", fault: `${has}, and the ledger has no such reward` };
  if (reward.campaign !== campaign || reward.kind !== "webhook" || !prizes.includes(reward.prize))
    return { status: "different", fault: `${has}, and the ledger's reward is none of the campaign's that this provider hands over` };
  switch (reward.status) {
    case "granted":
      return { status: "same" };
    case "pending":
      return { status: reward.nextAttemptAt === HELD_UNTIL_MS ? "told" : "waiting" };
    case "failed":
      return { status: "different", fault: `failed in the ledger, and ${has}` };
  }
}

/** Of a card that the ledger has as granted, and the provider has not. */
export function missingFault(provider: string): string {
  return `granted in the ledger, and provider ${provider} has no such grant`;
}

/** What every fault above says of its provider, and no other fault. */
export function mentionOf(provider: string): string {
  return `provider ${provider} has `;
}
