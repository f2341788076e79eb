import { DurableObject } from "cloudflare:workers";
import { encodeBlock } from "../block.ts";
import { deriveCardKey, mintCardId, readCardId } from "../card-id.ts";
import type { CardKey } from "../card-id.ts";
import type {
  CampaignRules,
  CardCommand,
  CardIssuerRpc,
  CardReply,
  Draw,
  DrawCommand,
  DrawReply,
  DrawResult,
  RedeemCommand,
  RevealCommand,
  ShardAddress,
  ShardMark,
  ShardTally,
} from "../protocol.ts";
import { localDay } from "./calendar.ts";
import type { LocalDay } from "./calendar.ts";
import { viewCard } from "./card.ts";
import type { CardRow } from "./card.ts";
import { needsRefill, NO_RATE, recordDraws, wantedCards } from "./demand.ts";
import { drainOutbox } from "./drain.ts";
import type { DrawDecision } from "./draw.ts";
import { flush } from "./flush.ts";
import { GroupCommit } from "./group-commit.ts";
import type { CardDecision, Redeem, Reveal } from "./lifecycle.ts";
import { cardsHeld } from "./stock.ts";
import type { HeldLease } from "./stock.ts";
import { IssuerStorage } from "./storage.ts";

/** Commands taken and not yet answered; a second's work at full speed. Beyond it the answer is `overloaded`, at once. */
const MAX_PENDING = 5_000;
/** Events are given this long to gather into a block. */
const DRAIN_AFTER_MS = 500;
/** The alarm drains what a lost timer did not, and re-arms itself while a block is unacknowledged. */
const ALARM_AFTER_MS = 5_000;
/** After the pool said that it is empty, it is asked again this often, while draws are answered from the fallback. */
const EMPTY_POOL_RETRY_MS = 1_000;

/** One request's draws; answered when the last of them is decided. */
interface DrawBatch {
  readonly results: DrawResult[];
  open: number;
  readonly resolve: (results: DrawResult[]) => void;
  readonly reject: (error: unknown) => void;
}

type Command =
  | { readonly type: "draw"; readonly draw: Draw; readonly batch: DrawBatch; readonly index: number }
  | {
      readonly type: "card";
      readonly seq: number;
      readonly cardId: string;
      readonly command: Reveal | Redeem;
      readonly resolve: (reply: CardReply) => void;
      readonly reject: (error: unknown) => void;
    };
type PendingDraw = Extract<Command, { type: "draw" }>;

/** One of N per campaign: issues cards from a lease, holds their state, and keeps the outbox until the ledger has it. */
export class CardIssuer extends DurableObject<Env> implements CardIssuerRpc {
  readonly #storage: IssuerStorage;
  readonly #cardKeys: readonly CardKey[];
  readonly #commands = new GroupCommit<Command>((commands) => this.#flush(commands));
  /** Draws that wait for the pool's answer. */
  #waiting: PendingDraw[] = [];
  #address: ShardAddress | null = null;
  #rules: CampaignRules | null = null;
  #leases: readonly HeldLease[];
  #nextSeq: number;
  #leaseRequest = 1;
  #rate = NO_RATE;
  #today: LocalDay = { startMs: 0, endMs: 0 };
  #refilling = false;
  #emptyUntilMs: number | null = null;
  #drainTimer = false;
  #alarmSet = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#storage = new IssuerStorage(ctx.storage);
    const previous = (env as { CARD_KEY_PREVIOUS?: string }).CARD_KEY_PREVIOUS;
    this.#cardKeys = [env.CARD_KEY, ...(previous === undefined ? [] : [previous])].map(deriveCardKey);
    const issuer = this.#storage.issuer();
    if (issuer !== null) {
      this.#address = { campaign: issuer.campaign, shard: issuer.shard };
      this.#rules = issuer.rules;
      this.#leaseRequest = issuer.leaseRequest;
    }
    this.#leases = this.#storage.leases();
    this.#nextSeq = this.#storage.nextSeq();
    if (issuer !== null && this.#storage.nextDueMs(Date.now()) !== null) this.#drainSoon();
  }

  async draw(command: DrawCommand): Promise<DrawReply> {
    this.#adopt(command);
    if (this.#rules !== null && this.#rules.status !== "draft" && command.shards !== this.#rules.shards) {
      return { status: "misrouted", rules: this.#rules };
    }
    const { draws } = command;
    if (this.#pending() + draws.length > MAX_PENDING) return { status: "done", results: draws.map(() => ({ status: "overloaded" })) };
    const results = await new Promise<DrawResult[]>((resolve, reject) => {
      const batch: DrawBatch = { results: [], open: draws.length, resolve, reject };
      if (draws.length === 0) resolve([]);
      this.#commands.submit(draws.map((draw, index) => ({ type: "draw", draw, batch, index })));
    });
    return { status: "done", results };
  }

  async reveal({ lineUserId, trail, ...card }: RevealCommand): Promise<CardReply> {
    return this.#order(card, { type: "reveal", lineUserId, trail });
  }

  async redeem({ lineUserId, ...card }: RedeemCommand): Promise<CardReply> {
    return this.#order(card, { type: "redeem", lineUserId });
  }

  async card({ campaign, cardId }: CardCommand): Promise<CardReply> {
    const place = readCardId(this.#cardKeys, campaign, cardId);
    const card = place === null ? undefined : this.#storage.cards([place.seq]).get(place.seq);
    return card === undefined ? { status: "not_found" } : { status: "ok", card: this.#view(card, cardId) };
  }

  /** Takes newer rules. What was asked before is decided by the old ones first, and is in the block that is named. */
  async configure(address: ShardAddress, rules: CampaignRules): Promise<ShardMark> {
    this.#adopt(address);
    this.#commands.flushNow();
    if (rules.version >= (this.#rules?.version ?? 0)) this.#takeRules(rules);
    const lastBlock = this.ctx.storage.transactionSync(() => this.#storage.seal(Date.now()));
    this.#drainSoon();
    return { shard: address.shard, lastBlock };
  }

  async acknowledge(_address: ShardAddress, blocks: readonly number[]): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#storage.dropBlocks(blocks));
  }

  async tally(address: ShardAddress): Promise<ShardTally> {
    const { cards, ...outbox } = this.#storage.tally();
    const held: Record<string, number> = {};
    for (const { ordinals, next, prizes } of this.#leases) {
      for (const ordinal of ordinals.subarray(next)) {
        const prize = prizes[ordinal] ?? "";
        held[prize] = (held[prize] ?? 0) + 1;
      }
    }
    const lastBlock = this.#storage.issuer()?.lastBlock ?? 0;
    return { ...address, held, cards: cards.map((row) => ({ ...row, fallback: row.fallback === 1 })), ...outbox, lastBlock };
  }

  /** The safety net: drains whatever is left, and never gives up while a block is unacknowledged. */
  override async alarm(): Promise<void> {
    this.#alarmSet = false;
    try {
      await this.#drain();
    } catch (error) {
      console.error(JSON.stringify({ message: "drain failed", shard: this.#address, error: String(error) }));
      await this.#setAlarm(Date.now() + ALARM_AFTER_MS);
    }
  }

  #pending(): number {
    return this.#commands.size + this.#waiting.length;
  }

  #adopt({ campaign, shard }: ShardAddress): void {
    if (this.#address !== null) return;
    this.#storage.adopt({ campaign, shard });
    this.#address = { campaign, shard };
  }

  #takeRules(rules: CampaignRules): void {
    this.#storage.saveRules(rules);
    this.#rules = rules;
    this.#today = { startMs: 0, endMs: 0 };
    this.#emptyUntilMs = null;
  }

  #order(card: CardCommand, command: Reveal | Redeem): CardReply | Promise<CardReply> {
    const place = readCardId(this.#cardKeys, card.campaign, card.cardId);
    if (place === null) return { status: "not_found" };
    if (this.#pending() >= MAX_PENDING) return { status: "overloaded" };
    return new Promise((resolve, reject) => {
      this.#commands.submit([{ type: "card", seq: place.seq, cardId: card.cardId, command, resolve, reject }]);
    });
  }

  /** Decides and stores a whole buffer in one transaction, then settles every command. */
  #flush(commands: readonly Command[]): void {
    const draws = commands.filter((command) => command.type === "draw");
    const orders = commands.filter((command) => command.type === "card");
    const { campaign, shard } = this.#address ?? { campaign: "", shard: 0 };
    const rules = this.#rules;
    if (rules === null) {
      for (const order of orders) order.resolve({ status: "not_found" });
      this.#waiting.push(...draws);
      this.#refill();
      return;
    }
    const nowMs = Date.now();
    if (nowMs < this.#today.startMs || nowMs >= this.#today.endMs) this.#today = localDay(rules.timezone, nowMs);
    const key = this.#cardKeys[0] as CardKey;
    const cardId = (seq: number) => mintCardId(key, campaign, { shard, seq });
    let flushed;
    try {
      flushed = this.ctx.storage.transactionSync(() =>
        flush(
          this.#storage,
          draws.map(({ draw }) => draw),
          orders,
          {
            rules,
            nowMs,
            today: this.#today,
            nextSeq: this.#nextSeq,
            leases: this.#leases,
            poolEmpty: this.#emptyUntilMs !== null,
            cardId,
          },
        ),
      );
    } catch (error) {
      for (const command of commands) (command.type === "draw" ? command.batch : command).reject(error);
      return;
    }
    this.#leases = flushed.leases;
    this.#nextSeq += flushed.issued;
    this.#rate = recordDraws(this.#rate, flushed.issued, nowMs);
    for (const [i, command] of draws.entries()) this.#settleDraw(command, flushed.draws[i] as DrawDecision, cardId);
    for (const [i, command] of orders.entries()) command.resolve(this.#answerOrder(flushed.cards[i] as CardDecision, command.cardId));
    if (flushed.events > 0) this.#drainSoon();
    if (this.#waiting.length > 0 || (draws.length > 0 && needsRefill(cardsHeld(this.#leases), this.#rate))) this.#refill();
  }

  #settleDraw(command: PendingDraw, decision: DrawDecision, cardId: (seq: number) => string): void {
    switch (decision.status) {
      case "waiting":
        this.#waiting.push(command);
        return;
      case "issued":
      case "replayed": {
        const { status, seq, expiresAtMs } = decision;
        settle(command, { status, cardId: cardId(seq), expiresAtMs });
        return;
      }
      case "conflict":
      case "not_open":
      case "limit_reached":
      case "sold_out":
        settle(command, decision);
    }
  }

  #answerOrder(decision: CardDecision, cardId: string): CardReply {
    return decision.status === "ok" ? { status: "ok", card: this.#view(decision.card, cardId) } : { status: decision.status };
  }

  #view(card: CardRow, cardId: string) {
    return viewCard(card, cardId, this.#rules?.prizes[card.prize] ?? "none");
  }

  /** Asks the pool for the next lease, one request at a time; draws that waited for it are decided again. */
  #refill(): void {
    if (this.#refilling || this.#address === null) return;
    if (this.#emptyUntilMs !== null && Date.now() < this.#emptyUntilMs) return;
    if (this.#rules !== null && this.#rules.status !== "open") return;
    this.#refilling = true;
    this.ctx.waitUntil(this.#lease(this.#address));
  }

  async #lease({ campaign, shard }: ShardAddress): Promise<void> {
    try {
      const pool = this.env.PRIZE_POOL.getByName(campaign);
      const want = wantedCards(this.#rate, this.#waiting.length);
      const reply = await pool.lease({ campaign, shard, request: this.#leaseRequest, want });
      if (reply.status === "campaign_unknown") return this.#failWaiting("not_open");
      this.ctx.storage.transactionSync(() => {
        if (reply.rules.version > (this.#rules?.version ?? 0)) this.#takeRules(reply.rules);
        if (reply.status === "granted") this.#storage.addLease(reply.lease);
      });
      if (reply.status === "granted") {
        this.#leaseRequest += 1;
        this.#leases = [...this.#leases, { ...reply.lease, next: 0 }];
        this.#emptyUntilMs = null;
      } else if (reply.rules.status === "open") {
        this.#emptyUntilMs = Date.now() + EMPTY_POOL_RETRY_MS;
      }
      this.#refilling = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#commands.submit(waiting);
    } catch (error) {
      console.error(JSON.stringify({ message: "no lease", shard: { campaign, shard }, error: String(error) }));
      this.#failWaiting("overloaded");
    } finally {
      this.#refilling = false;
    }
  }

  #failWaiting(status: "not_open" | "overloaded"): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const command of waiting) settle(command, { status });
  }

  #drainSoon(): void {
    if (!this.#alarmSet) this.ctx.waitUntil(this.#setAlarm(Date.now() + ALARM_AFTER_MS));
    if (this.#drainTimer) return;
    this.#drainTimer = true;
    setTimeout(() => {
      this.#drainTimer = false;
      this.#drain().catch((error: unknown) =>
        console.error(JSON.stringify({ message: "drain failed", shard: this.#address, error: String(error) })),
      );
    }, DRAIN_AFTER_MS);
  }

  async #drain(): Promise<void> {
    const address = this.#address;
    if (address === null) return;
    await drainOutbox({
      seal: () => this.ctx.storage.transactionSync(() => this.#storage.seal(Date.now())),
      due: (nowMs, limit) => this.#storage.dueBlocks(address, nowMs, limit),
      send: async (blocks) => {
        await this.env.CARD_EVENTS.sendBatch(
          blocks.map(({ header, body }) => ({ body: encodeBlock(header, body), contentType: "bytes" as const })),
        );
      },
      sent: (block, attempts, resendAtMs) => this.#storage.markSent(block, attempts, resendAtMs),
      now: () => Date.now(),
    });
    const dueMs = this.#storage.nextDueMs(Date.now());
    if (dueMs !== null) await this.#setAlarm(dueMs);
  }

  async #setAlarm(atMs: number): Promise<void> {
    this.#alarmSet = true;
    await this.ctx.storage.setAlarm(atMs);
  }
}

function settle({ batch, index }: PendingDraw, result: DrawResult): void {
  batch.results[index] = result;
  batch.open -= 1;
  if (batch.open === 0) batch.resolve(batch.results);
}
