import type { GateLimits, PrizeKind } from "../../durable-objects/protocol.ts";
import type { Prize } from "../campaign/schema.ts";
import type { Settings } from "../settings.ts";

/** A reward that somebody has won and not yet got. */
export interface Reward {
  /** The card's id: the key under which a provider grants it once. */
  readonly card: string;
  readonly campaign: string;
  readonly prize: string;
  readonly kind: PrizeKind;
  readonly lineUser: string;
  readonly recipient: string | null;
  /** Calls made for it so far. */
  readonly attempts: number;
}

export type PrizeParams = NonNullable<Prize["params"]>;

/** A reward with what the campaign's file says of its prize. */
export interface ParamedReward extends Reward {
  readonly params: PrizeParams;
}

export interface Granted {
  readonly outcome: "granted";
  /** What the provider answered; kept with the reward. */
  readonly receipt?: Readonly<Record<string, unknown>>;
}

/** Not granted, or nobody knows: the same reward is asked for again, under the same key. `afterMs`: the provider's wish for all calls to it. */
export interface Retry {
  readonly outcome: "retry";
  readonly afterMs?: number;
  readonly reason: string;
}

/** The provider will never grant it as it is asked for. */
interface Refused {
  readonly outcome: "refused";
  readonly reason: string;
}

/** What came of asking for a reward. A `reason` is shown to operators: no id, token or body in it. */
export type GrantOutcome = Granted | Retry | Refused;

/** What a provider needs of the world. */
export interface GrantDeps {
  readonly settings: Settings;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly nowMs: () => number;
}

/** A prize that Kuji itself hands over: it is granted as soon as it is redeemed. */
export interface LocalProvider {
  readonly reach: "local";
  grant(): Granted;
}

/** The gate that all calls to a provider go through. */
export interface GateAddress {
  readonly provider: string;
  readonly limits: GateLimits;
}

/** A prize that a system outside hands over, at the pace that its gate allows. */
export interface RemoteProvider {
  readonly reach: "remote";
  /** Which gate stands before it, or why there is nobody to call. */
  gate(reward: ParamedReward, settings: Settings): GateAddress | Retry;
  /** Makes one call. Never throws for what a provider may do; it may be asked for the same reward again. */
  grant(reward: ParamedReward, deps: GrantDeps): Promise<GrantOutcome>;
}

export type RewardProvider = LocalProvider | RemoteProvider;
