import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { drawBy } from "../draw-columns.ts";
import { packCodes } from "../code-digests.ts";
import { commitDeck, mergeManifest } from "../prize-pool/deck.ts";
import type {
  CampaignStatus,
  CardIssuerRpc,
  CardReply,
  Draw,
  DrawResult,
  LifecycleReply,
  LifecycleVerb,
  PrizePoolRpc,
} from "../protocol.ts";
import { audit, readBlocks } from "./audit.ts";
import { Book, demand, Violation } from "./book.ts";
import type { BookedCard, SeenDraw } from "./book.ts";
import type { AnsweredCall, CardCall } from "./card-truth.ts";
import { planSegment, rulesOf, MINUTE_MS } from "./scenario.ts";
import type { Beat, Command, DrawSpec, PlannedSegment, Scenario } from "./scenario.ts";
import { shelve } from "./shelf.ts";
import { STAGE_START_MS } from "./stage.ts";
import type { Stage } from "./stage.ts";

/** What is not answered by then waits for an alarm, or for a moment of the clock. */
const PATIENCE_MS = 150;
const MAX_TRIES = 40;
/** Within a minute of the plan the clock runs on by itself, less than this. */
const MAX_DRIFT_MS = 15_000;
const MAX_AT_ONCE = 8;
const POOL = -1;
const EVERYTHING = -2;

/** From a pause to the resume after it, by shard: the last block before, and the last one within. */
export interface Pause {
  readonly paused: readonly number[];
  readonly resumed: readonly number[];
}

let campaigns = 0;

/** One campaign, played against the real objects and held against the book. */
export class Play {
  readonly id: string;
  readonly stage: Stage;
  readonly scenario: Scenario;
  readonly book: Book;
  readonly pauses: Pause[] = [];
  /** Something may be on its way that nobody knows of: an object was killed, or a call went wrong. */
  inTransit = false;
  status: CampaignStatus = "draft";
  readonly #segments: readonly PlannedSegment[];
  #imported = 0;
  #minute = 0;
  #requests = 0;
  #pausedAt: readonly number[] | null = null;

  constructor(stage: Stage, scenario: Scenario) {
    campaigns += 1;
    this.id = `model-${campaigns}`;
    this.stage = stage;
    this.scenario = scenario;
    this.#segments = [...scenario.segments, ...scenario.restocks].map(planSegment);
    this.book = new Book(rulesOf(scenario, this.#segments));
  }

  get shards(): readonly number[] {
    return Array.from({ length: this.scenario.shards }, (_, shard) => shard);
  }

  pool(): PrizePoolRpc {
    return this.stage.pool(this.id);
  }

  issuer(shard: number): CardIssuerRpc {
    return this.stage.issuer(this.id, shard);
  }

  async open(): Promise<void> {
    const published = await this.pool().publish({ campaign: this.id, ...rulesOf(this.scenario, this.#segments) });
    demand(published.status === "published", "not published", published);
    for (const _ of this.scenario.segments) await this.#restock();
    this.book.arriving.clear();
    await this.#changeStatus("open");
    this.book.noteStock(this.stage.nowMs(), []);
  }

  async play(beats: readonly Beat[]): Promise<void> {
    for (const group of groupsOf(beats)) await this.#playGroup(group);
  }

  /** Draws for nobody in particular, in one call. */
  async drawSome(shard: number, count: number): Promise<void> {
    const draws = Array.from({ length: count }, (): DrawSpec => ({ recipient: null, again: null, twisted: false }));
    await this.#playGroup([{ type: "draw", shard, draws }]);
  }

  /** Each card's owner, or whoever comes first, reveals and redeems it. */
  async redeem(cards: readonly BookedCard[]): Promise<void> {
    for (const type of ["reveal", "redeem"] as const) {
      const calls = cards.map((card) => {
        const call = { type, user: card.possible[0]?.user ?? "user-0" };
        return { card, call, answer: orNull(this.#call(card, call)) };
      });
      await this.#takeCalls(calls);
    }
  }

  async pass(minutes: number): Promise<void> {
    this.#minute += minutes;
    this.stage.setClock(STAGE_START_MS + this.#minute * MINUTE_MS);
    // What an issuer was told of the pool is long out of date.
    this.book.forgetDry(this.shards, this.stage.nowMs());
  }

  async resume(): Promise<void> {
    await this.#playGroup([{ type: "resume" }]);
  }

  async #playGroup(group: readonly Command[]): Promise<void> {
    if (this.stage.nowMs() - STAGE_START_MS - this.#minute * MINUTE_MS > MAX_DRIFT_MS) await this.pass(1);
    const draws: { shard: number; draws: readonly Draw[]; answer: Promise<readonly DrawResult[] | null> }[] = [];
    const calls: { card: BookedCard; call: CardCall; answer: Promise<CardReply | null> }[] = [];
    const others: Promise<unknown>[] = [];
    const before = this.status;
    const imported = this.#imported;
    const heard = !this.stage.isArmed("configure");
    const restarted = new Set<number>();
    let afterwards = async () => {};
    for (const command of group) {
      switch (command.type) {
        case "draw": {
          const shard = command.shard % this.scenario.shards;
          const asked = command.draws.map((spec) => this.#drawOf(shard, spec));
          draws.push({ shard, draws: asked, answer: orNull(this.#draw(shard, asked)) });
          break;
        }
        case "reveal":
        case "redeem":
        case "void":
        case "use": {
          const card = this.book.cards.at(-1 - command.card);
          if (card === undefined) break;
          const call = callOf(command);
          calls.push({ card, call, answer: orNull(this.#call(card, call)) });
          break;
        }
        case "pause":
        case "resume": {
          const verb = command.type;
          const answer = orNull(this.pool().changeStatus(this.id, verb));
          others.push(answer);
          this.status = verb === "pause" ? "paused" : "open";
          const alone = group.length === 1 && !this.stage.isArmed("configure");
          afterwards = async () => this.#changed(verb, before, await answer, alone);
          break;
        }
        case "restock":
          others.push(this.#restock());
          break;
        case "alarm":
          others.push(this.#ring(this.#whoOf(command.who), command.twice));
          break;
        case "evict":
          // What the pool answers to an object that is gone is lost with it.
          this.inTransit = true;
          for (const shard of this.#hit(command.who)) restarted.add(shard);
          // The runtime never says that it has evicted an object that was killed meanwhile.
          others.push(Promise.race([orNull(evictDurableObject(this.#stub(this.#whoOf(command.who)))), this.stage.sleep(PATIENCE_MS)]));
          break;
        case "abort":
          for (const shard of this.#hit(command.who)) restarted.add(shard);
          others.push(this.stage.sleep(command.afterMs).then(() => this.#abort(command.who)));
          break;
        case "pass":
          await this.pass(command.minutes);
          break;
        case "fault":
          this.inTransit = true;
          this.stage.arm(command.call, command.fault);
          break;
        case "acknowledge":
          others.push(this.#acknowledge(command.shard % this.scenario.shards, command.every));
          break;
        case "audit":
          await audit(this);
          break;
      }
    }
    await this.patiently(Promise.all([...draws.map(({ answer }) => answer), ...calls.map(({ answer }) => answer), ...others]));
    await afterwards();
    await this.#takeCalls(calls);
    const seen = await this.#takeAnswers(draws);
    const moment = { nowMs: this.stage.nowMs(), statuses: [...new Set([before, this.status])] };
    await this.book.takeDraws(seen, moment, (shard, cardId) => this.#look(shard, cardId));
    // A change of status is told to every issuer, and stock that comes to every one that hears it at once; the others ask by themselves, a second later.
    const toldAnew = this.status !== before || (this.#imported > imported && heard);
    this.book.forgetDry(toldAnew ? this.shards : [...restarted], this.stage.nowMs());
    this.book.arriving.clear();
    await this.#notePlaces();
  }

  /** Waits; while nothing comes, time passes and alarms ring, as they would. */
  async patiently<T>(work: Promise<T>): Promise<T> {
    const finished = work.then(
      () => true,
      () => true,
    );
    for (let tries = 0; ; tries++) {
      demand(tries < MAX_TRIES, "a call is never answered");
      if (await Promise.race([finished, this.stage.sleep(PATIENCE_MS)])) return work;
      this.stage.setClock(this.stage.nowMs() + 1_000);
      await this.ringAll();
    }
  }

  async ringAll(): Promise<void> {
    await Promise.all([...this.shards, POOL].map((who) => this.#ring(who, false)));
  }

  #drawOf(shard: number, { recipient, again, twisted }: DrawSpec): Draw {
    const asked = this.book.asked[shard] ?? [];
    const earlier = again === null ? undefined : asked.at(-1 - again);
    if (earlier !== undefined) return twisted ? { ...earlier, metadata: '{"twisted":true}' } : earlier;
    this.#requests += 1;
    const draw: Draw = {
      requestId: `r${this.#requests}`,
      recipient: recipient === null ? null : `recipient-${shard}-${recipient}`,
      lineUserId: recipient === 1 ? "user-0" : null,
      metadata: twisted ? "{}" : null,
    };
    asked.push(draw);
    return draw;
  }

  async #draw(shard: number, draws: readonly Draw[]): Promise<readonly DrawResult[]> {
    const reply = await drawBy(this.issuer(shard), { campaign: this.id, shard, shards: this.scenario.shards, draws });
    demand(reply.status === "done", "a draw was misrouted");
    return reply.status === "done" ? reply.results : [];
  }

  async #call({ cardId, shard }: BookedCard, call: CardCall): Promise<CardReply> {
    const card = { campaign: this.id, shard, cardId };
    switch (call.type) {
      case "reveal":
        return this.issuer(shard).reveal({ ...card, lineUserId: call.user, trail: null });
      case "redeem":
        return this.issuer(shard).redeem({ ...card, lineUserId: call.user });
      case "void":
        return this.issuer(shard).void({ ...card, reason: "mistake" });
      case "use":
        return this.issuer(shard).use({ ...card, store: call.store, till: null });
    }
  }

  /** What was not answered is asked again. Who was told `overloaded` has no card, and may leave it at that. */
  async #takeAnswers(
    drawn: readonly { shard: number; draws: readonly Draw[]; answer: Promise<readonly DrawResult[] | null> }[],
  ): Promise<SeenDraw[]> {
    const seen: SeenDraw[] = [];
    for (const { shard, draws, answer } of drawn) {
      const results = await answer;
      for (const [i, draw] of draws.entries()) seen.push({ shard, draw, result: results?.[i] ?? null });
    }
    for (const { shard, draw, result } of seen.slice()) {
      let last = result;
      for (let tries = 0; last === null; tries++) {
        demand(tries < MAX_TRIES, "a draw is never answered", draw);
        const [again = null] = (await this.patiently(orNull(this.#draw(shard, [draw])))) ?? [];
        seen.push({ shard, draw, result: again });
        last = again;
        if (tries > 0) await this.ringAll();
      }
    }
    return seen;
  }

  async #takeCalls(calls: readonly { card: BookedCard; call: CardCall; answer: Promise<CardReply | null> }[]): Promise<void> {
    const nowMs = this.stage.nowMs();
    this.book.noteVoided(calls.filter(({ call }) => call.type === "void").map(({ card }) => card));
    for (const [card, ofCard] of Map.groupBy(calls, (one) => one.card)) {
      const answered: AnsweredCall[] = [];
      for (const { call, answer } of ofCard) answered.push({ call, reply: await answer });
      this.book.takeCalls(card, answered, nowMs);
      for (const { call, reply } of answered) {
        if (reply !== null && "card" in reply) this.#checkView(card, reply);
        if (reply !== null) continue;
        const again = await this.#untilAnswered(() => this.#call(card, call));
        this.book.takeCalls(card, [{ call, reply: again }], this.stage.nowMs());
        this.#checkView(card, again);
      }
    }
  }

  #checkView(card: BookedCard, reply: CardReply): void {
    if ("card" in reply) this.book.checkView(card, reply.card);
  }

  async #untilAnswered<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const answer = await this.patiently(orNull(call()));
      if (answer !== null) return answer;
    }
    demand(false, "a call fails for ever");
    return call();
  }

  async #look(shard: number, cardId: string) {
    const reply = await this.#untilAnswered(() => this.issuer(shard).card({ campaign: this.id, shard, cardId }));
    demand(reply.status === "ok", "a card is not there", reply);
    if (reply.status !== "ok") throw new Error("unreachable");
    return reply.card;
  }

  /** Looks at every card that may be one thing or another, and whether places given back have arrived. */
  async #notePlaces(): Promise<void> {
    await this.lookAtCards(this.book.cards.filter(({ possible }) => possible.length > 1));
    const returned = this.book.cards.filter((card) => !card.placeIsFree && this.book.isReturned(card));
    if (returned.length === 0) return;
    const stock = await this.#untilAnswered(() => this.pool().stock(this.id));
    for (const [shard, cards] of Map.groupBy(returned, (card) => card.shard)) {
      const { givebacks } = await this.#untilAnswered(() => this.issuer(shard).tally({ campaign: this.id, shard }));
      const taken = stock?.taken.find((one) => one.shard === shard)?.giveback ?? 0;
      if (givebacks.every(({ giveback }) => giveback <= taken)) for (const card of cards) card.placeIsFree = true;
    }
  }

  async lookAtCards(cards: readonly BookedCard[]): Promise<void> {
    const nowMs = this.stage.nowMs();
    await Promise.all(
      cards.map(async (card) => {
        const view = await this.#look(card.shard, card.cardId);
        this.book.takeView(card, view, nowMs);
      }),
    );
  }

  async #changeStatus(verb: LifecycleVerb): Promise<void> {
    const reply = await this.pool().changeStatus(this.id, verb);
    demand(reply.status === "done", `the campaign did not ${verb}`, reply);
    this.status = "open";
  }

  async #changed(verb: "pause" | "resume", before: CampaignStatus, first: LifecycleReply | null, alone: boolean): Promise<void> {
    let reply = first;
    for (let tries = 0; reply?.status !== "done"; tries++) {
      demand(tries < MAX_TRIES && (reply === null || reply.status === "unreached"), "a status does not change", reply);
      reply = await this.patiently(orNull(this.pool().changeStatus(this.id, verb)));
    }
    if (before === this.status) return;
    const marks = reply.shards.map(({ lastBlock }) => lastBlock);
    if (verb === "pause") this.#pausedAt = marks;
    else if (this.#pausedAt !== null && alone && first === reply) this.pauses.push({ paused: this.#pausedAt, resumed: marks });
  }

  async #restock(): Promise<void> {
    const plan = this.#segments[this.#imported];
    if (plan === undefined) return;
    this.#imported += 1;
    this.book.arriving.add(plan.name);
    const upload = { campaign: this.id, segment: plan.name, etag: `etag of ${plan.name}` };
    const coded = plan.prizes.filter(({ kind }) => kind === "code");
    const codes = coded.flatMap(({ prize, quantity }) => Array.from({ length: quantity }, (_, i) => `${prize}/${i}`));
    const entries = plan.prizes.filter(({ kind }) => kind !== "code").map(({ prize, quantity }) => ({ prize, quantity }));
    const { opensAtMs, closesAtMs } = plan;
    await this.#untilAnswered(async () => {
      const begun = await this.pool().beginImport(upload);
      if (begun.status === "already_imported") return true;
      if (begun.status === "begun" && begun.step === 0 && codes.length > 0) {
        const rows = codes.map((code, i) => ({ prize: coded[0]?.prize ?? "", code, line: i + 2 }));
        const progress = { bytes: 100, bytesRead: 100, rows: codes.length, codes: codes.length };
        await this.pool().stageStep(upload, { step: 0, state: "read", progress, ...packCodes(rows) });
      }
      const commit = async () => {
        for (let checked = "checking"; checked === "checking";) checked = (await this.pool().checkCodes(upload)).status;
        return this.pool().commitImport({ ...upload, entries, codes: codes.length, opensAtMs, closesAtMs });
      };
      let done = await commit();
      // Another file's codes have become stock since these were held against all there were.
      while (done.status === "unchecked") done = await commit();
      demand(done.status === "imported" || done.status === "already_imported", "a segment was not imported", done);
      return true;
    });
    const stock = await this.#untilAnswered(() => this.pool().stock(this.id));
    const commitment = stock?.segments.find(({ segment }) => segment === plan.name)?.commitment;
    const manifest = mergeManifest([...entries, ...coded]);
    const seed = this.stage.seeds.find(
      (one) => commitDeck({ campaign: this.id, segment: plan.name, manifest, seed: one, options: plan.options }) === commitment,
    );
    demand(seed !== undefined, "no seed is the committed one", plan.name);
    if (seed !== undefined) this.book.shelf.push(shelve(plan, manifest, seed, codes));
  }

  /** An alarm rings at least once: cut off, it rings again. */
  async #ring(who: number, twice: boolean): Promise<void> {
    const stub = this.#stub(who);
    const again = () => runInDurableObject(stub, (object) => (object as { alarm?: () => Promise<void> }).alarm?.());
    let cut = false;
    try {
      await runDurableObjectAlarm(stub);
    } catch {
      cut = true;
    }
    for (let tries = 0; cut && tries < MAX_TRIES; tries++) cut = (await orNull(again().then(() => true))) === null;
    if (twice) await orNull(again());
  }

  async #abort(who: number): Promise<void> {
    this.inTransit = true;
    if (who === EVERYTHING) await abortAllDurableObjects();
    else await orNull(runInDurableObject(this.#stub(this.#whoOf(who)), (_, state) => state.abort("killed by the model")));
  }

  /** The ledger has some of the blocks that were sent. */
  async #acknowledge(shard: number, every: number): Promise<void> {
    const sent = readBlocks(this.stage.sent, this.id, shard).map(({ header }) => header.block);
    const blocks = [...new Set(sent)].filter((block) => block % every === 0);
    await orNull(this.issuer(shard).acknowledge({ campaign: this.id, shard }, blocks));
  }

  #whoOf(who: number): number {
    return who === POOL ? POOL : who % this.scenario.shards;
  }

  #stub(who: number): DurableObjectStub {
    return who === POOL ? this.stage.pool(this.id) : this.stage.issuer(this.id, who);
  }

  /** Shards that lose what they have in memory. */
  #hit(who: number): readonly number[] {
    if (who === EVERYTHING) return this.shards;
    return who === POOL ? [] : [this.#whoOf(who)];
  }
}

/** Commands that are given at once; two changes of status, and what changes the terms, never with others. */
function groupsOf(beats: readonly Beat[]): Command[][] {
  const groups: Command[][] = [];
  const alone = ({ type }: Command) => type === "pass" || type === "fault" || type === "audit";
  const changes = ({ type }: Command) => type === "pause" || type === "resume";
  for (const { command, atOnce } of beats) {
    const open = groups.at(-1);
    const last = open?.at(-1);
    const joins = atOnce && open !== undefined && last !== undefined && !alone(command) && !alone(last);
    if (joins && open.length < MAX_AT_ONCE && !(changes(command) && open.some(changes))) open.push(command);
    else groups.push([command]);
  }
  return groups;
}

function callOf(command: Extract<Command, { readonly user: number }>): CardCall {
  const user = `user-${command.user}`;
  switch (command.type) {
    case "reveal":
    case "redeem":
      return { type: command.type, user };
    case "void":
      return { type: "void" };
    case "use":
      return { type: "use", store: `store-${command.user}` };
  }
}

/** What came of it; null where nobody knows. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Violation) throw error;
    return null;
  }
}
