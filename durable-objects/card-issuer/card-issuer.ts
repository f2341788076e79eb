import { DurableObject } from "cloudflare:workers";
import { encodeBlock } from "../block.ts";
import { drawsOf, resultColumnsOf } from "../draw-columns.ts";
import { MAX_FOUND_CARDS, MAX_HELD_CARDS, WARM_UP_MS } from "../protocol.ts";
import type {
  CampaignRules,
  CardCommand,
  CardIssuerRpc,
  CardReply,
  Draw,
  DrawCall,
  DrawCallReply,
  DrawResult,
  FindCardsRequest,
  FoundCard,
  HeldCard,
  HeldCards,
  HeldCardsRequest,
  Lease,
  RedeemCommand,
  RevealCommand,
  ShardAddress,
  ShardMark,
  ShardTally,
  SurrenderCommand,
  SurrenderReply,
  UseCommand,
  VoidCommand,
} from "../protocol.ts";
import { BlockSender } from "./block-sender.ts";
import { localDay } from "./calendar.ts";
import type { LocalDay } from "./calendar.ts";
import { viewCard } from "./card.ts";
import type { CardRow } from "./card.ts";
import { CardIds } from "./card-ids.ts";
import { CardIndex } from "./card-index.ts";
import { Chores } from "./chores.ts";
import { MAX_WAIT_MS } from "./demand.ts";
import { issuedEvent } from "./draw.ts";
import type { DrawDecision } from "./draw.ts";
import { flush } from "./flush.ts";
import type { Flushed } from "./flush.ts";
import { GroupCommit, MAX_PENDING } from "./group-commit.ts";
import { keysOfText } from "./index-keys.ts";
import type { CardDecision, CardOrder } from "./lifecycle.ts";
import { OnTheWay } from "./on-the-way.ts";
import { eventLine } from "./outbox.ts";
import { countPrizes, runOf } from "./stock.ts";
import { IssuerStorage } from "./storage/storage.ts";
import { Supply } from "./supply.ts";
import { sweepExpired } from "./sweep.ts";
import { Untold } from "./untold.ts";

/** Cards are not expired while their events would find no room; their owners are refused all the same. */
const SWEEP_AGAIN_MS = 30_000;

/** One request's draws; answered when the last of them is decided. */
interface DrawBatch {
  readonly results: DrawResult[];
  open: number;
  readonly resolve: (results: DrawResult[]) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingDraw {
  readonly type: "draw";
  readonly draw: Draw;
  readonly sinceMs: number;
  readonly batch: DrawBatch;
  readonly index: number;
}

interface PendingOrder {
  readonly type: "card";
  readonly seq: number;
  readonly cardId: string;
  readonly order: CardOrder;
  readonly resolve: (reply: CardReply) => void;
  readonly reject: (error: unknown) => void;
}

type Command = PendingDraw | PendingOrder;

/** One of N per campaign: issues cards from a lease, holds their state, and keeps the outbox until the ledger has it. */
export class CardIssuer extends DurableObject<Env> implements CardIssuerRpc {
  readonly #storage: IssuerStorage;
  readonly #ids: CardIds;
  readonly #index: CardIndex;
  readonly #untold = new Untold();
  readonly #blocks: BlockSender;
  readonly #onTheWay: OnTheWay;
  readonly #supply: Supply;
  readonly #chores: Chores;
  readonly #commands = new GroupCommit<Command>((commands) => this.#flush(commands));
  /** Draws that wait for the pool's answer, and whether a timer looks after them. */
  #waiting: PendingDraw[] = [];
  #timed = false;
  #address: ShardAddress | null = null;
  #rules: CampaignRules | null = null;
  #nextSeq: number;
  #today: LocalDay = { startMs: 0, endMs: 0 };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const storage = new IssuerStorage(ctx.storage);
    this.#storage = storage;
    const { CARD_KEY, CARD_KEY_PREVIOUS } = env as Env & { readonly CARD_KEY_PREVIOUS?: string };
    this.#ids = new CardIds(
      [CARD_KEY, CARD_KEY_PREVIOUS].filter((secret) => secret !== undefined),
      storage.cardKeys(),
    );
    const transaction = <Result>(work: () => Result): Result => ctx.storage.transactionSync(work);
    this.#index = new CardIndex(storage.index);
    const now = () => Date.now();
    const waitUntil = (promise: Promise<unknown>) => ctx.waitUntil(promise);
    this.#supply = new Supply({
      storage,
      transaction,
      now,
      waitUntil,
      pool: (campaign) => env.PRIZE_POOL.getByName(campaign),
      waiting: () => this.#waiting.length,
      takeRules: (rules) => this.#takeRules(rules),
      supplied: () => this.#retryWaiting(),
      failed: (status) => this.#failWaiting(status),
    });
    this.#blocks = new BlockSender({
      storage,
      untold: this.#untold,
      transaction,
      lastSeq: () => this.#nextSeq - 1,
      issuedLine: (card) => this.#issuedLine(card),
      send: async (blocks) => {
        await env.CARD_EVENTS.sendBatch(blocks.map(({ header, body }) => ({ body: encodeBlock(header, body), contentType: "bytes" })));
      },
      now,
    });
    this.#onTheWay = new OnTheWay(storage.outbox, (blocks) => this.#blocks.bodies(blocks));
    this.#chores = new Chores({
      now,
      waitUntil,
      setAlarm: (atMs) => ctx.storage.setAlarm(atMs),
      chores: [
        { name: "sweep", work: async () => this.#sweep() },
        { name: "give back", work: async () => this.#giveBack() },
        { name: "drain", work: async () => this.#drain() },
      ],
    });
    const issuer = storage.issuer();
    if (issuer !== null) {
      this.#address = { campaign: issuer.campaign, shard: issuer.shard };
      this.#rules = issuer.rules;
    }
    this.#nextSeq = storage.cards.nextSeq();
    const keyUse = this.#ids.nextUse(this.#nextSeq);
    if (keyUse !== null) storage.useCardKey(keyUse);
    if (issuer !== null) {
      for (const card of storage.cards.issuedFrom(issuer.sealedSeq + 1, this.#nextSeq - 1)) this.#untold.add(this.#issuedLine(card));
      if (this.#blocks.nextDueMs() !== null) this.#chores.soon();
    }
  }

  async draw(command: DrawCall): Promise<DrawCallReply> {
    this.#adopt(command);
    if (this.#rules !== null && this.#rules.status !== "draft" && command.shards !== this.#rules.shards) {
      return { status: "misrouted", rules: this.#rules };
    }
    const draws = drawsOf(command.draws);
    if (draws.length === 0) return { status: "done", results: resultColumnsOf([]) };
    if (this.#pending() + draws.length > MAX_PENDING) {
      return { status: "done", results: resultColumnsOf(draws.map(() => ({ status: "overloaded" }))) };
    }
    const sinceMs = Date.now();
    const results = await new Promise<DrawResult[]>((resolve, reject) => {
      const batch: DrawBatch = { results: [], open: draws.length, resolve, reject };
      this.#commands.submit(draws.map((draw, index) => ({ type: "draw", draw, sinceMs, batch, index })));
    });
    return { status: "done", results: resultColumnsOf(results) };
  }

  async reveal({ lineUserId, trail, ...card }: RevealCommand): Promise<CardReply> {
    return this.#order(card, { type: "reveal", lineUserId, trail });
  }

  async redeem({ lineUserId, ...card }: RedeemCommand): Promise<CardReply> {
    return this.#order(card, { type: "redeem", lineUserId });
  }

  async void({ reason, ...card }: VoidCommand): Promise<CardReply> {
    return this.#order(card, { type: "void", reason });
  }

  async use({ store, till, ...card }: UseCommand): Promise<CardReply> {
    return this.#order(card, { type: "use", store, till });
  }

  async card(command: CardCommand): Promise<CardReply> {
    const seq = this.#ids.read(command, command.cardId);
    const card = seq === null ? undefined : this.#storage.cards.find([seq]).get(seq);
    return card === undefined ? { status: "not_found" } : { status: "ok", card: this.#view(card, command.cardId) };
  }

  /** Takes newer rules. What was asked before is decided by the old ones first, and is in the block that is named. */
  async configure(address: ShardAddress, rules: CampaignRules): Promise<ShardMark> {
    this.#adopt(address);
    this.#commands.flushNow();
    this.ctx.storage.transactionSync(() => this.#takeRules(rules));
    this.#blocks.seal();
    this.#chores.soon();
    this.#retryWaiting();
    if (rules.status === "open" && Date.now() >= rules.startsAtMs - WARM_UP_MS) this.ctx.waitUntil(this.#supply.warmUp(address));
    return { shard: address.shard, lastBlock: this.#lastBlock() };
  }

  async acknowledge(_address: ShardAddress, blocks: readonly number[]): Promise<void> {
    if (this.#blocks.confirmed(blocks)) this.#chores.soon();
  }

  async resend(_address: ShardAddress, blocks: readonly number[]): Promise<readonly number[]> {
    const kept = this.#storage.outbox.sendNow(blocks, Date.now());
    if (kept.length > 0) this.#chores.soon();
    return kept;
  }

  async deliver(address: ShardAddress, lease: Lease): Promise<void> {
    this.#adopt(address);
    this.#supply.deliver(lease);
    this.#retryWaiting();
  }

  /** Gives the pool what draws that are here do not take. */
  async surrender(command: SurrenderCommand): Promise<SurrenderReply> {
    this.#adopt(command);
    this.#commands.flushNow();
    const { missed, ...reply } = this.#supply.surrender(command);
    if (missed) this.ctx.waitUntil(this.#supply.ask(command));
    return reply;
  }

  async tally(address: ShardAddress): Promise<ShardTally> {
    const { cards, ...outbox } = this.#storage.tally();
    return {
      ...address,
      held: countPrizes(this.#supply.leases.map(runOf)),
      givebacks: this.#storage.stock.givebacks().map(({ giveback, runs }) => ({ giveback, cards: countPrizes(runs) })),
      cards: cards.map((row) => ({ ...row, fallback: row.fallback === 1, returned: row.returned === 1 })),
      ...outbox,
      lastBlock: this.#lastBlock(),
    };
  }

  async heldCards({ afterSeq, limit, ...address }: HeldCardsRequest): Promise<HeldCards> {
    const page = { lastSeq: this.#nextSeq - 1, lastBlock: this.#lastBlock(), keptBlocks: this.#storage.outbox.keptBlocks() };
    const versions = this.#onTheWay.versions();
    if (versions === null) return { status: "reading" };
    const sealedSeq = this.#storage.issuer()?.sealedSeq ?? 0;
    const cards = this.#storage.cards.page(afterSeq, Math.min(limit, MAX_HELD_CARDS)).map((card): HeldCard => {
      const found = this.#found(card, address);
      return { ...found, onTheWay: [...(card.seq > sealedSeq ? [1] : []), ...(versions.get(found.cardId) ?? [])] };
    });
    return { status: "read", cards, ...page };
  }

  async findCards({ drawnWith, ...address }: FindCardsRequest): Promise<readonly FoundCard[]> {
    const seqs = this.#index.find(keysOfText(drawnWith)).sort((a, b) => b - a);
    const cards = this.#storage.cards.find(seqs.slice(0, MAX_FOUND_CARDS));
    return [...cards.values()]
      .filter(({ requestId, recipient }) => requestId === drawnWith || recipient === drawnWith)
      .sort((a, b) => b.seq - a.seq)
      .map((card) => this.#found(card, address));
  }

  /** Expires cards, gives their places back, sends blocks; plans itself anew while there is anything to come. */
  override async alarm(): Promise<void> {
    await this.#chores.rung();
  }

  #pending(): number {
    return this.#commands.size + this.#waiting.length;
  }

  #adopt({ campaign, shard }: ShardAddress): void {
    if (this.#address !== null) return;
    this.#storage.adopt({ campaign, shard });
    this.#address = { campaign, shard };
  }

  /** Takes newer rules; false where they are older than those held. */
  #takeRules(rules: CampaignRules): boolean {
    if (this.#rules !== null && rules.version <= this.#rules.version) return rules.version === this.#rules.version;
    if (this.#rules !== null && this.#rules.cardTtlMs !== rules.cardTtlMs) this.#storage.sweeps.begin(this.#nextSeq);
    this.#storage.saveRules(rules);
    this.#rules = rules;
    this.#today = { startMs: 0, endMs: 0 };
    this.#supply.forget();
    return true;
  }

  #order(card: CardCommand, order: CardOrder): CardReply | Promise<CardReply> {
    const seq = this.#ids.read(card, card.cardId);
    if (seq === null) return { status: "not_found" };
    if (this.#pending() >= MAX_PENDING) return { status: "overloaded" };
    return new Promise((resolve, reject) => {
      this.#commands.submit([{ type: "card", seq, cardId: card.cardId, order, resolve, reject }]);
    });
  }

  /** Decides and stores a whole buffer in one transaction, then settles every command. */
  #flush(commands: readonly Command[]): void {
    const draws = commands.filter((command) => command.type === "draw");
    const orders = commands.filter((command) => command.type === "card");
    const [rules, address] = [this.#rules, this.#address];
    if (rules === null || address === null) {
      for (const order of orders) order.resolve({ status: "not_found" });
      this.#wait(...draws);
      this.#replenish();
      return;
    }
    let flushed: Flushed;
    try {
      flushed = this.ctx.storage.transactionSync(() => this.#decide(draws, orders, rules, address));
    } catch (error) {
      for (const command of commands) (command.type === "draw" ? command.batch : command).reject(error);
      return;
    }
    this.#remember(flushed);
    const firstSeq = this.#nextSeq - flushed.issued.length;
    const cardIdOf = (seq: number) => flushed.issued[seq - firstSeq]?.cardId ?? this.#ids.mint(address, seq);
    for (const [i, command] of draws.entries()) this.#settleDraw(command, flushed.draws[i] as DrawDecision, cardIdOf);
    for (const [i, command] of orders.entries()) command.resolve(this.#answerOrder(flushed.cards[i] as CardDecision, command.cardId));
    if (flushed.changed) this.#chores.soon();
    if (flushed.returned) this.ctx.waitUntil(this.#supply.deliverGivebacks(address).catch(() => this.#chores.soon()));
    if (draws.length > 0 && rules.status === "open" && this.#supply.wants()) this.#replenish();
    // In the same breath, and so in the same commit.
    if (this.#index.isFull) this.#storeIndex();
    if (this.#untold.isFull) this.#blocks.seal();
  }

  /** Takes in what was stored. */
  #remember({ issued, keys, leases }: Flushed): void {
    this.#index.add(this.#nextSeq, keys);
    this.#nextSeq += issued.length;
    this.#supply.used(leases, issued.length);
    for (const { card, cardId } of issued) this.#untold.add(eventLine(issuedEvent(card, cardId)));
  }

  #issuedLine(card: CardRow): string {
    return eventLine(issuedEvent(card, this.#address === null ? "" : this.#ids.mint(this.#address, card.seq)));
  }

  #lastBlock(): number {
    return this.#storage.issuer()?.lastBlock ?? 0;
  }

  /** The index in memory must be the stored one: should only half of it have been stored, the object starts anew and reads it. */
  #storeIndex(): void {
    try {
      this.#index.store();
    } catch (error) {
      console.error(JSON.stringify({ message: "the index could not be stored", ...this.#address, error: String(error) }));
      this.ctx.abort("the index could not be stored");
    }
  }

  #decide(draws: readonly PendingDraw[], orders: readonly PendingOrder[], rules: CampaignRules, address: ShardAddress): Flushed {
    const nowMs = Date.now();
    if (nowMs < this.#today.startMs || nowMs >= this.#today.endMs) this.#today = localDay(rules.timezone, nowMs);
    return flush(
      this.#storage,
      this.#index,
      draws.map(({ draw }) => draw),
      orders,
      {
        rules,
        nowMs,
        today: this.#today,
        nextSeq: this.#nextSeq,
        leases: this.#supply.leases,
        pool: this.#supply.state,
        room: this.#blocks.room,
        cardId: (seq) => this.#ids.mint(address, seq),
      },
    );
  }

  #sweep(): number | null {
    const [rules, address] = [this.#rules, this.#address];
    if (rules === null || address === null) return null;
    if (this.#blocks.room === "none") return Date.now() + SWEEP_AGAIN_MS;
    const kindOf = (prize: string) => rules.prizes[prize] ?? "none";
    const cardId = (seq: number) => this.#ids.mint(address, seq);
    return this.ctx.storage.transactionSync(() => sweepExpired(this.#storage, { rules, nowMs: Date.now(), kindOf, cardId })).nextMs;
  }

  async #giveBack(): Promise<null> {
    if (this.#address !== null) await this.#supply.deliverGivebacks(this.#address);
    return null;
  }

  async #drain(): Promise<number | null> {
    return this.#address === null ? null : this.#blocks.drain(this.#address);
  }

  #settleDraw(command: PendingDraw, decision: DrawDecision, cardIdOf: (seq: number) => string): void {
    switch (decision.status) {
      case "waiting":
        this.#wait(command);
        return;
      case "issued":
      case "replayed": {
        const { status, seq, expiresAtMs } = decision;
        settle(command, { status, cardId: cardIdOf(seq), expiresAtMs });
        return;
      }
      case "conflict":
      case "not_open":
      case "limit_reached":
      case "sold_out":
      case "overloaded":
        settle(command, decision);
    }
  }

  #answerOrder(decision: CardDecision, cardId: string): CardReply {
    return "card" in decision ? { status: decision.status, card: this.#view(decision.card, cardId) } : decision;
  }

  #view(card: CardRow, cardId: string) {
    return viewCard(card, cardId, this.#rules?.prizes[card.prize] ?? "none");
  }

  #found(card: CardRow, address: ShardAddress): FoundCard {
    const cardId = this.#ids.mint(address, card.seq);
    const { seq, version, drawnFor, returned } = card;
    return { ...this.#view(card, cardId), seq, version, drawnFor, returned };
  }

  #replenish(): void {
    if (this.#address !== null) this.ctx.waitUntil(this.#supply.ask(this.#address));
  }

  #wait(...draws: readonly PendingDraw[]): void {
    this.#waiting.push(...draws);
    this.#shedLater();
  }

  /** A pool that does not answer keeps no draw for longer than it may wait. */
  #shedLater(): void {
    const [oldest] = this.#waiting;
    if (this.#timed || oldest === undefined) return;
    this.#timed = true;
    setTimeout(
      () => {
        this.#timed = false;
        this.#waiting = this.#takeInTime();
        this.#shedLater();
      },
      oldest.sinceMs + MAX_WAIT_MS - Date.now(),
    );
  }

  /** The pool has answered: what waited is decided again, but for draws that have waited too long. */
  #retryWaiting(): void {
    this.#commands.submit(this.#takeInTime());
  }

  /** Nobody waits any more: those that have waited too long are answered, the others given. */
  #takeInTime(): PendingDraw[] {
    const nowMs = Date.now();
    const inTime: PendingDraw[] = [];
    for (const command of this.#waiting.splice(0)) {
      if (nowMs - command.sinceMs < MAX_WAIT_MS) inTime.push(command);
      else settle(command, { status: "overloaded" });
    }
    return inTime;
  }

  #failWaiting(status: "not_open" | "overloaded"): void {
    for (const command of this.#waiting.splice(0)) settle(command, { status });
  }
}

function settle({ batch, index }: PendingDraw, result: DrawResult): void {
  batch.results[index] = result;
  batch.open -= 1;
  if (batch.open === 0) batch.resolve(batch.results);
}
