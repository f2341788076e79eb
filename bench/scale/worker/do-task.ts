import { drawBy } from "../../../durable-objects/draw-columns.ts";
import { blockEvents, decodeBlock } from "../../../durable-objects/block.ts";
import { issuerName } from "../../../durable-objects/protocol.ts";
import type { CampaignRules, CardReply, Draw, DrawReply } from "../../../durable-objects/protocol.ts";
import { foldBlocks } from "../../../worker/ledger/fold.ts";
import { archiveBlock } from "../../../worker/ledger/lake.ts";
import { consumeCardEvents } from "../../../worker/ledger/settle.ts";
import { aroundLedger } from "../../../test/workerd/around.ts";
import type { SentBlock, SentBlocks } from "./blocks.ts";
import type { TimingEnv } from "./env.ts";
import { NOTHING_DONE } from "./tasks.ts";
import type { Done, Task } from "./tasks.ts";

/** More than any queue takes here. */
const ARRIVAL_TIMEOUT_MS = 60_000;
const ARRIVAL_EVERY_MS = 20;
/** The edge remembers nothing of a card here: each is looked at by somebody new. */
const CARDS_AT_ONCE = 50;

export class Counter {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(more: number): void {
    this.#count += more;
  }
}

export interface Kept {
  readonly sent: SentBlocks;
  /** Messages that the queue has brought. */
  readonly arrivals: Counter;
  /** Transactions of issuers. */
  readonly flushes: Counter;
}

type TaskOf<What extends Task["what"]> = Extract<Task, { readonly what: What }>;

export async function doTask(env: TimingEnv, kept: Kept, task: Task): Promise<Done> {
  switch (task.what) {
    case "call":
      return await call(env, task);
    case "commit":
      return await commit(env, task);
    case "draw":
      return await draw(env, kept, task);
    case "live":
      return await live(env, kept, task);
    case "acknowledge":
      return await acknowledge(env, kept, task);
    case "lease":
      return await lease(env, task);
    case "read":
      return read(kept, task);
    case "archive":
      return await archive(env, kept, task);
    case "settle":
      return await settle(env, kept, task);
    case "queue":
      return await queue(env, kept, task);
    case "state":
      return await state(env, kept, task);
  }
}

const SHARD = { shard: 0, shards: 1 };
/** Request numbers that no issuer uses in these runs. */
let nextRequest = 1_000_000;
/** Cards that were drawn and not looked at, by campaign. */
const drawn = new Map<string, string[]>();

async function call({ PROBE }: TimingEnv, { calls, draws, rounds }: TaskOf<"call">): Promise<Done> {
  const probe = PROBE.getByName("probe");
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      Array.from({ length: calls }, () =>
        drawBy({ draw: (asked) => probe.answer(asked) }, { campaign: "", ...SHARD, draws: newDraws(draws) }),
      ),
    );
  }
  return { ...NOTHING_DONE, calls: calls * rounds, draws: calls * draws * rounds };
}

async function commit({ PROBE }: TimingEnv, { rounds }: TaskOf<"commit">): Promise<Done> {
  const probe = PROBE.getByName("probe");
  for (let round = 0; round < rounds; round += 1) await probe.commit();
  return { ...NOTHING_DONE, calls: rounds, flushes: rounds };
}

async function draw(env: TimingEnv, { sent }: Kept, { campaign, shards, calls, draws, rounds, sealed }: TaskOf<"draw">): Promise<Done> {
  const all = Array.from({ length: shards }, (_, shard) => ({ campaign, shard, shards }));
  const issuers = all.map((at) => ({ at, issuer: env.CARD_ISSUER.getByName(issuerName(at)) }));
  const rules = await rulesOf(env, campaign);
  const before = sent.count(campaign);
  const cards = drawn.get(campaign) ?? [];
  drawn.set(campaign, cards);
  const seal = () => Promise.all(issuers.map(({ at, issuer }) => issuer.configure(at, rules)));
  for (let round = 0; round < rounds; round += 1) {
    const asked = issuers.flatMap(({ at, issuer }) =>
      Array.from({ length: calls }, () => drawBy(issuer, { ...at, draws: newDraws(draws) })),
    );
    for (const reply of await Promise.all(asked)) cards.push(...cardsOf(reply));
    if (sealed) await seal();
  }
  await seal();
  await Promise.all(issuers.map(({ issuer }) => issuer.ring()));
  const blocks = sent.count(campaign) - before;
  // To seal, each round or at the end, and to send, are calls too.
  const others = (sealed ? rounds : 0) + 2;
  return {
    ...NOTHING_DONE,
    calls: (calls * rounds + others) * shards,
    draws: calls * draws * rounds * shards,
    flushes: rounds * shards,
    blocks,
  };
}

async function rulesOf({ PRIZE_POOL }: TimingEnv, campaign: string): Promise<CampaignRules> {
  const rules = await PRIZE_POOL.getByName(campaign).rules(campaign);
  if (rules === null) throw new Error(`the pool does not know ${campaign}`);
  return rules;
}

function cardsOf(reply: DrawReply): string[] {
  if (reply.status !== "done") throw new Error(`a draw was ${reply.status}`);
  return reply.results.map((result) => {
    if (!("cardId" in result)) throw new Error(`a draw was ${result.status}`);
    return result.cardId;
  });
}

async function live(env: TimingEnv, { sent }: Kept, { campaign, cards }: TaskOf<"live">): Promise<Done> {
  const at = { campaign, ...SHARD };
  const issuer = env.CARD_ISSUER.getByName(issuerName(at));
  const rules = await rulesOf(env, campaign);
  const before = sent.count(campaign);
  const mine = drawn.get(campaign)?.splice(0, cards) ?? [];
  for (let first = 0; first < mine.length; first += CARDS_AT_ONCE) {
    const users = mine.slice(first, first + CARDS_AT_ONCE).map((cardId) => ({ campaign, shard: 0, cardId, lineUserId: newUser() }));
    for (const reply of await Promise.all(users.map((user) => issuer.reveal({ ...user, trail: null })))) mustBeOk(reply);
    for (const reply of await Promise.all(users.map((user) => issuer.redeem(user)))) mustBeOk(reply);
  }
  await issuer.configure(at, rules);
  await issuer.ring();
  const flushes = Math.ceil(mine.length / CARDS_AT_ONCE) * 2;
  return { ...NOTHING_DONE, calls: mine.length * 2 + 2, events: mine.length * 2, flushes, blocks: sent.count(campaign) - before };
}

function mustBeOk({ status }: CardReply): void {
  if (status !== "ok") throw new Error(`a call was answered ${status}`);
}

async function acknowledge(env: TimingEnv, { sent }: Kept, { campaign, blocks, rounds }: TaskOf<"acknowledge">): Promise<Done> {
  const at = { campaign, ...SHARD };
  const issuer = env.CARD_ISSUER.getByName(issuerName(at));
  for (let round = 0; round < rounds; round += 1) {
    const taken = sent.take(campaign, blocks);
    await issuer.acknowledge(
      at,
      taken.map(({ header }) => header.block),
    );
  }
  return { ...NOTHING_DONE, calls: rounds, blocks: blocks * rounds };
}

async function lease({ PRIZE_POOL }: TimingEnv, { campaign, cards, rounds }: TaskOf<"lease">): Promise<Done> {
  const pool = PRIZE_POOL.getByName(campaign);
  for (let round = 0; round < rounds; round += 1) {
    const { status } = await pool.lease({ campaign, shard: 0, request: nextRequest, want: cards });
    if (status !== "granted") throw new Error(`a lease was ${status}`);
    nextRequest += 1;
  }
  return { ...NOTHING_DONE, calls: rounds, draws: cards * rounds };
}

function sumOf(blocks: readonly SentBlock[]): Pick<Done, "blocks" | "events" | "bytes"> {
  const events = blocks.reduce((sum, { header }) => sum + header.events, 0);
  return { blocks: blocks.length, events, bytes: blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) };
}

/** What a consumer does in its own isolate: hashes, parses and folds; and makes the parameter that D1 is sent. */
function read({ sent }: Kept, { campaign, blocks, rounds }: TaskOf<"read">): Done {
  const batch = sent.first(campaign, blocks);
  const each = sumOf(batch);
  let bytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    const decoded = batch.map(({ bytes: body }) => decodeBlock(body)).filter((block) => block !== null);
    // To name an object of the lake is to parse its first event; today that parses all of them.
    for (const block of decoded) blockEvents(block);
    bytes = JSON.stringify(foldBlocks(decoded).cards.map((card) => Object.values(card) as unknown[])).length;
  }
  return { ...NOTHING_DONE, batches: rounds, blocks: each.blocks * rounds, events: each.events * rounds, bytes };
}

async function archive(env: TimingEnv, { sent }: Kept, { campaign, blocks, rounds }: TaskOf<"archive">): Promise<Done> {
  const decoded = sent.first(campaign, blocks).map(({ bytes }) => decodeBlock(bytes));
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(decoded.filter((block) => block !== null).map((block) => archiveBlock(env, block)));
  }
  return { ...NOTHING_DONE, batches: rounds, blocks: blocks * rounds };
}

async function settle(env: TimingEnv, { sent }: Kept, { campaign, blocks, rounds }: TaskOf<"settle">): Promise<Done> {
  const taken = sent.take(campaign, blocks * rounds);
  let sqlMs = 0;
  const LEDGER = aroundLedger(env.LEDGER, async (name, work) => {
    const result = await work();
    if (name === "batch") for (const { meta } of result as D1Result[]) sqlMs += meta.duration;
    return result;
  });
  for (let round = 0; round < rounds; round += 1) {
    await consumeCardEvents(batchOf(taken.slice(round * blocks, (round + 1) * blocks)), { ...env, LEDGER });
  }
  return { ...NOTHING_DONE, ...sumOf(taken), batches: rounds, sqlMs };
}

function notSettled(): never {
  throw new Error("a batch was not settled");
}

function batchOf(blocks: readonly SentBlock[]): MessageBatch {
  const messages = blocks.map(({ header, bytes }): Message => {
    const body = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    return { id: String(header.block), timestamp: new Date(), body, attempts: 1, ack: () => {}, retry: notSettled };
  });
  const metadata = { metrics: { backlogCount: 0, backlogBytes: 0 } };
  return { queue: "card-events", messages, metadata, ackAll: () => {}, retryAll: notSettled };
}

async function queue(env: TimingEnv, { sent, arrivals }: Kept, { campaign, blocks }: TaskOf<"queue">): Promise<Done> {
  const until = arrivals.count + blocks;
  const all = sent.first(campaign, blocks);
  for (let first = 0; first < blocks; first += 2) {
    await env.CARD_EVENTS.sendBatch(all.slice(first, first + 2).map(({ bytes }) => ({ body: bytes, contentType: "bytes" as const })));
  }
  for (let waitedMs = 0; arrivals.count < until; waitedMs += ARRIVAL_EVERY_MS) {
    if (waitedMs > ARRIVAL_TIMEOUT_MS) throw new Error("the queue has not brought all blocks");
    await scheduler.wait(ARRIVAL_EVERY_MS);
  }
  return { ...NOTHING_DONE, ...sumOf(all) };
}

async function state(env: TimingEnv, { flushes }: Kept, { campaign }: TaskOf<"state">): Promise<Done> {
  const issuer = env.CARD_ISSUER.getByName(issuerName({ campaign, ...SHARD }));
  const { meta } = await env.LEDGER.prepare("SELECT count(*) FROM cards").run();
  return { ...NOTHING_DONE, flushes: flushes.count, issuerBytes: await issuer.storedBytes(), ledgerBytes: meta.size_after };
}

function newDraws(draws: number): Draw[] {
  return Array.from({ length: draws }, () => {
    const id = crypto.randomUUID();
    return { requestId: id, recipient: `visitor-${id}`, lineUserId: null, metadata: null };
  });
}

function newUser(): string {
  return `U${crypto.randomUUID().replaceAll("-", "")}`;
}
