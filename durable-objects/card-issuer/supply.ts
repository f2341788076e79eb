import type {
  CampaignRules,
  EmptyReason,
  Lease,
  LeaseReply,
  PrizePoolRpc,
  ShardAddress,
  SurrenderCommand,
  SurrenderReply,
} from "../protocol.ts";
import { needsRefill, NO_RATE, recordDraws, wantedCards, WARM_UP_CARDS } from "./demand.ts";
import { cardsHeld, runOf } from "./stock.ts";
import type { HeldLease } from "./stock.ts";
import type { IssuerStorage } from "./storage/storage.ts";

/** What the pool said when it had nothing is good for so long, and draws are answered by it: cards may have gone back, or been uploaded. */
const EMPTY_POOL_MS = 1_000;
/** And no longer than until stock opens; where the pool's clock is behind ours, it is asked again after this. */
const OPENING_RETRY_MS = 10;
/** Stock that is with an issuer that does not answer may come any moment. */
const ELSEWHERE_RETRY_MS = 50;

/** What the pool said when it had nothing: every card is issued, or stock will open later. `unknown`: it has to be asked, or said so too long ago. */
export type PoolState = "unknown" | "exhausted" | "later";

export interface SupplyDeps {
  readonly storage: IssuerStorage;
  readonly transaction: <Result>(work: () => Result) => Result;
  readonly pool: (campaign: string) => Pick<PrizePoolRpc, "lease" | "giveBack">;
  /** Draws that wait for the pool's answer. */
  readonly waiting: () => number;
  /** The pool has answered; inside the transaction that stores its answer. False: the answer was given under older rules than those held. */
  readonly takeRules: (rules: CampaignRules) => boolean;
  /** Draws that waited may be decided again. */
  readonly supplied: () => void;
  /** The pool could not be asked, or does not know the campaign. */
  readonly failed: (status: "not_open" | "overloaded") => void;
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly now: () => number;
}

/** The stock that an issuer holds, and its dealings with the pool: asks for more ahead of need, one request at a time, and gives back what it is asked for. */
export class Supply {
  readonly #deps: SupplyDeps;
  #leases: readonly HeldLease[];
  #request: number;
  #rate = NO_RATE;
  /** What the pool said, and until when it is good. */
  #said: Exclude<PoolState, "unknown"> = "exhausted";
  #saidUntilMs = 0;
  /** Not to be asked before. */
  #askAgainAtMs = 0;
  #low = false;
  #asking = false;
  #askingLater = false;

  constructor(deps: SupplyDeps) {
    this.#deps = deps;
    this.#leases = deps.storage.stock.leases();
    this.#request = deps.storage.issuer()?.leaseRequest ?? 1;
  }

  get leases(): readonly HeldLease[] {
    return this.#leases;
  }

  get state(): PoolState {
    return this.#deps.now() < this.#saidUntilMs ? this.#said : "unknown";
  }

  /** New rules: what the pool said under the old ones does not hold. */
  forget(): void {
    this.#saidUntilMs = 0;
    this.#askAgainAtMs = 0;
    this.#low = false;
  }

  /** Cards were issued; `leases` is what is left, as stored. */
  used(leases: readonly HeldLease[], cards: number): void {
    this.#leases = leases;
    this.#rate = recordDraws(this.#rate, cards, this.#deps.now());
  }

  /** Whether to ask the pool: for draws that wait, or ahead of need. */
  wants(): boolean {
    if (this.#deps.waiting() > 0) return true;
    return !this.#low && this.state === "unknown" && needsRefill(cardsHeld(this.#leases, this.#deps.now()), this.#rate);
  }

  /** Takes a first lease before the first draw comes. */
  async warmUp(address: ShardAddress): Promise<void> {
    if (this.#leases.length === 0) await this.ask(address, WARM_UP_CARDS);
  }

  /** Asks the pool, unless it is being asked; where what it has may come any moment, not before some time has passed. Resolves when its answer is stored. */
  async ask(address: ShardAddress, atLeast = 0): Promise<void> {
    const { waiting, now, pool } = this.#deps;
    if (this.#asking) return;
    if (now() < this.#askAgainAtMs) return this.#askLater(address);
    const { campaign, shard } = address;
    this.#asking = true;
    try {
      const want = Math.max(atLeast, wantedCards(this.#rate, waiting()));
      this.#take(await pool(campaign).lease({ campaign, shard, request: this.#request, want }));
    } catch (error) {
      console.error(JSON.stringify({ message: "no lease", campaign, shard, error: String(error) }));
      this.#deps.failed("overloaded");
    } finally {
      this.#asking = false;
    }
    this.#deps.supplied();
  }

  /** A winning moment, brought by the pool; the same one again changes nothing, also when its card is long issued. */
  deliver(lease: Lease): void {
    const { storage, transaction } = this.#deps;
    const isNew = transaction(() => storage.stock.addDelivered(lease));
    if (isNew) this.#leases = [{ ...lease, next: 0 }, ...this.#leases];
  }

  /** Gives up everything held, beyond what draws that are here have just taken. Journaled: asked again, it answers the same until told that it was taken. */
  surrender({ taken, granted }: SurrenderCommand): SurrenderReply & { readonly missed: boolean } {
    const { storage, transaction } = this.#deps;
    const arrived = granted < this.#request;
    const givebacks = transaction(() => {
      storage.stock.dropGivebacks(taken);
      if (this.#leases.length > 0) {
        storage.stock.giveBack(this.#leases.map(runOf));
        storage.stock.dropLeases();
      }
      return storage.stock.givebacks();
    });
    this.#leases = [];
    return { givebacks, settled: arrived, missed: !arrived && !this.#asking };
  }

  /** Hands the pool what is kept for it: places of cards that were voided or have expired. Tried again by the alarm. */
  async deliverGivebacks(address: ShardAddress): Promise<void> {
    const { storage, pool } = this.#deps;
    const givebacks = storage.stock.givebacks();
    if (givebacks.length > 0) storage.stock.dropGivebacks(await pool(address.campaign).giveBack(address, givebacks));
  }

  #take(reply: LeaseReply): void {
    const { storage, transaction, takeRules, now } = this.#deps;
    if (reply.status === "campaign_unknown") {
      this.#deps.failed("not_open");
      return;
    }
    const isCurrent = transaction(() => {
      if (reply.status === "granted") storage.stock.addLease(reply.lease);
      return takeRules(reply.rules);
    });
    if (reply.status === "granted") this.#add(reply.lease, reply.low);
    else if (isCurrent) this.#takeEmpty(reply.reason, reply.untilMs, now());
  }

  #takeEmpty(reason: EmptyReason, untilMs: number | null, nowMs: number): void {
    if (reason === "elsewhere") {
      this.#saidUntilMs = 0;
      this.#askAgainAtMs = nowMs + ELSEWHERE_RETRY_MS;
      return;
    }
    this.#said = reason;
    this.#saidUntilMs = Math.max(nowMs + OPENING_RETRY_MS, Math.min(nowMs + EMPTY_POOL_MS, untilMs ?? Infinity));
  }

  #add(lease: Lease, low: boolean): void {
    this.#request += 1;
    this.#leases = [...this.#leases, { ...lease, next: 0 }];
    this.#saidUntilMs = 0;
    this.#askAgainAtMs = 0;
    this.#low = low;
  }

  #askLater(address: ShardAddress): void {
    const { now, waiting, waitUntil } = this.#deps;
    if (this.#askingLater || waiting() === 0) return;
    this.#askingLater = true;
    setTimeout(() => {
      this.#askingLater = false;
      waitUntil(this.ask(address));
    }, this.#askAgainAtMs - now());
  }
}
