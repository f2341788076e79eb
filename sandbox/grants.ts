import { GrantList } from "./grant-list.ts";

/** A reward that was granted, once, under its provider and webhook-id. */
export interface Grant {
  readonly provider: string;
  readonly webhookId: string;
  readonly cardId: string;
  readonly campaign: string;
  readonly prize: string;
  readonly lineUserId: string;
  readonly recipient: string | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly receipt: string;
  readonly grantedAt: string;
}

export type GrantReply =
  | { readonly status: "granted" | "repeated"; readonly grant: Grant }
  /** The webhook-id was used for another card, prize or person. */
  | { readonly status: "conflict" }
  | { readonly status: "full" };

/** A reward as the provider's own list shows it: what was asked under one webhook-id, and what came of it. */
export interface RewardRow extends Partial<Omit<Grant, "provider" | "webhookId">> {
  readonly provider: string;
  readonly webhookId: string;
  readonly asked: number;
  readonly granted: boolean;
}

export interface RewardTotals {
  /** Calls that named a webhook-id, whatever came of them. */
  readonly asked: number;
  readonly grantedCards: number;
  /** Cards granted under more than one webhook-id or by more than one provider: each is a prize given away. */
  readonly grantedTwice: number;
}

interface Ask {
  readonly provider: string;
  readonly webhookId: string;
  asked: number;
  grant: Grant | null;
}

/** About a gigabyte of memory; more than any run of this machine grants. */
const MAX_ASKS = 2_000_000;

/** The reward system's memory: grants once per provider and webhook-id. */
export class GrantBook {
  readonly #asks = new Map<string, Ask>();
  readonly #byCard = new Map<string, Ask[]>();
  readonly #lists = new Map<string, GrantList>();

  /** Counts a call that names `webhookId`. */
  ask(provider: string, webhookId: string): void {
    const ask = this.#ask(provider, webhookId);
    if (ask !== null) ask.asked += 1;
  }

  /** Grants `wanted`, or answers what was granted under its webhook-id before. */
  grant(wanted: Grant): GrantReply {
    const ask = this.#ask(wanted.provider, wanted.webhookId);
    if (ask === null) return { status: "full" };
    if (ask.grant === null) {
      ask.grant = wanted;
      const ofCard = this.#byCard.get(wanted.cardId);
      if (ofCard === undefined) this.#byCard.set(wanted.cardId, [ask]);
      else ofCard.push(ask);
      this.#note(wanted);
      return { status: "granted", grant: wanted };
    }
    return sameReward(ask.grant, wanted) ? { status: "repeated", grant: ask.grant } : { status: "conflict" };
  }

  /** Takes back a grant of an earlier process. */
  restore(grant: Grant): void {
    this.ask(grant.provider, grant.webhookId);
    this.grant(grant);
  }

  /** What was granted for a card; a webhook-id that is the card's own id is shown before it is granted, too. */
  ofCard(cardId: string): RewardRow[] {
    const granted = this.#byCard.get(cardId) ?? [];
    const asked = [...this.#asks.values()].filter((ask) => ask.grant === null && ask.webhookId === cardId);
    return [...granted, ...asked].map(row);
  }

  /** Rows in the order they were first asked, from `offset` on, at most `limit`; of one campaign or of all. */
  list(campaign: string | null, offset: number, limit: number): { rows: RewardRow[]; next: number | null } {
    const rows: RewardRow[] = [];
    let index = 0;
    for (const ask of this.#asks.values()) {
      if (index >= offset && (campaign === null || ask.grant?.campaign === campaign)) {
        if (rows.length === limit) return { rows, next: index };
        rows.push(row(ask));
      }
      index += 1;
    }
    return { rows, next: null };
  }

  /** What one provider granted for a campaign, in the order of the webhook-ids, after this one. */
  grantsAfter(provider: string, campaign: string, id: string, limit: number): readonly Grant[] {
    return this.#lists.get(listKey(provider, campaign))?.after(id, limit) ?? [];
  }

  totals(campaign: string | null): RewardTotals {
    let asked = 0;
    const grantsOfCard = new Map<string, number>();
    for (const ask of this.#asks.values()) {
      if (campaign !== null && ask.grant?.campaign !== campaign) continue;
      asked += ask.asked;
      if (ask.grant !== null) grantsOfCard.set(ask.grant.cardId, (grantsOfCard.get(ask.grant.cardId) ?? 0) + 1);
    }
    const grantedTwice = [...grantsOfCard.values()].filter((grants) => grants > 1).length;
    return { asked, grantedCards: grantsOfCard.size, grantedTwice };
  }

  #note(grant: Grant): void {
    const key = listKey(grant.provider, grant.campaign);
    const list = this.#lists.get(key) ?? new GrantList();
    this.#lists.set(key, list);
    list.add(grant);
  }

  #ask(provider: string, webhookId: string): Ask | null {
    const key = `${provider}\n${webhookId}`;
    const known = this.#asks.get(key);
    if (known !== undefined) return known;
    if (this.#asks.size >= MAX_ASKS) return null;
    const ask: Ask = { provider, webhookId, asked: 0, grant: null };
    this.#asks.set(key, ask);
    return ask;
  }
}

function listKey(provider: string, campaign: string): string {
  return `${provider}\n${campaign}`;
}

function row({ provider, webhookId, asked, grant }: Ask): RewardRow {
  return { ...grant, provider, webhookId, asked, granted: grant !== null };
}

/** A retry may carry another timestamp, never another reward. */
function sameReward(a: Grant, b: Grant): boolean {
  return a.cardId === b.cardId && a.campaign === b.campaign && a.prize === b.prize && a.lineUserId === b.lineUserId;
}
