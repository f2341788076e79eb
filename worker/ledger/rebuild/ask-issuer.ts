import type { CampaignRules, ShardAddress } from "../../../durable-objects/protocol.ts";
import { prizePool } from "../../objects.ts";
import { within } from "../../within.ts";
import { readHeldCards } from "../reconcile/read-held-cards.ts";
import type { HeldPage } from "../reconcile/read-held-cards.ts";

/** An object answers in milliseconds; one that takes so long does not. */
const PATIENCE_MS = 3_000;

/** A step that needs an answer that does not come: it is taken when it does. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";

  /** `who`: for operators. */
  constructor(who: string, cause: unknown) {
    super(`${who} does not answer`, { cause });
  }
}

/** The campaign's rules, null for a pool that does not know the campaign. Rejects with `Unanswered`. */
export async function askPool(env: Env, campaign: string): Promise<CampaignRules | null> {
  try {
    return await within(PATIENCE_MS, prizePool(env, campaign).rules(campaign));
  } catch (error) {
    throw new Unanswered("the pool", error);
  }
}

/** The next cards of an issuer, and which blocks it keeps. Rejects with `Unanswered` where it does not answer. */
export async function askIssuer(env: Env, address: ShardAddress, afterSeq: number, limit: number): Promise<HeldPage> {
  try {
    return await within(PATIENCE_MS, readHeldCards(env, address, afterSeq, limit));
  } catch (error) {
    throw new Unanswered(`the issuer of shard ${address.shard}`, error);
  }
}

/** Of an issuer that can be done without: a breath for one that restarts, not for an outage. */
const TRIES = 3;

/** Which blocks an issuer keeps; null where it does not answer. */
export async function keptIfAnswered(env: Env, address: ShardAddress): Promise<HeldPage | null> {
  for (let asked = 0; asked < TRIES; asked++) {
    try {
      return await askIssuer(env, address, 0, 0);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  }
  return null;
}
