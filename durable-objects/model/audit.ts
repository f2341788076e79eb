import { runInDurableObject } from "cloudflare:test";
import { bytesToHex } from "@noble/hashes/utils.js";
import { blockEvents, decodeBlock, GENESIS_HASH } from "../block.ts";
import type { Block } from "../block.ts";
import { shuffleDeck } from "../prize-pool/deck.ts";
import { deckSeed } from "../prize-pool/seeds.ts";
import type { CardEvent, CardState, ShardTally } from "../protocol.ts";
import { demand, Violation } from "./book.ts";
import type { BookedCard } from "./book.ts";
import type { Play } from "./play.ts";

/** What is on its way arrives within these; what is wrong stays wrong. */
const MAX_LOOKS = 40;
const LOOK_AGAIN_MS = 5;
/** An unacknowledged block is sent again at least this often. */
const LONGEST_RESEND_MS = 600_000;
/** Events are made into blocks within this, whatever becomes of the timer that should do it sooner. */
const LONGEST_GATHERING_MS = 5_000;
const MAX_ROUNDS = 30;

/** Blocks of one shard among what was sent, in the order of arrival. */
export function readBlocks(sent: readonly Uint8Array[], campaign: string, shard: number): Block[] {
  return sent.flatMap((bytes) => {
    const block = decodeBlock(bytes);
    demand(block !== null, "a block is damaged");
    return block !== null && block.header.campaign === campaign && block.header.shard === shard ? [block] : [];
  });
}

/** Counts the campaign: nothing is doubled, and nothing lost but what may be on its way. */
export async function audit(play: Play): Promise<void> {
  for (let looks = 1; ; looks++) {
    try {
      await auditOnce(play);
      return;
    } catch (error) {
      if (!(error instanceof Violation) || looks === MAX_LOOKS) throw error;
    }
    await play.stage.sleep(LOOK_AGAIN_MS);
  }
}

async function auditOnce(play: Play): Promise<void> {
  const { book, id, scenario } = play;
  await play.lookAtCards(book.cards.filter((card) => book.isOverdue(card, play.stage.nowMs())));
  const stock = await play.pool().stock(id);
  const tallies = await Promise.all(play.shards.map((shard) => play.issuer(shard).tally({ campaign: id, shard })));
  for (const { prize, loaded, unleased } of stock?.prizes ?? []) {
    const held = tallies.reduce((sum, tally) => sum + (tally.held[prize] ?? 0), 0);
    const back = tallies.reduce((sum, tally) => sum + givenBack(tally, prize, takenOf(stock?.taken ?? [], tally.shard)), 0);
    const issued = book.cards.filter((card) => card.prize === prize && !book.isReturned(card)).length;
    const missing = loaded - unleased - held - back - issued;
    const counted = { prize, loaded, unleased, held, back, issued };
    demand(missing >= 0, "more cards than were loaded", counted);
    demand(missing === 0 || play.inTransit, "cards are lost", counted);
  }
  for (const tally of tallies) checkTally(play, tally);
  for (const { shard, unsettledBlocks, unpackedEvents } of tallies) {
    if (unsettledBlocks + unpackedEvents === 0) continue;
    const alarmAtMs = await runInDurableObject(play.stage.issuer(id, shard), (_, state) => state.storage.getAlarm());
    const latestMs = play.stage.nowMs() + (unpackedEvents > 0 ? LONGEST_GATHERING_MS : LONGEST_RESEND_MS);
    demand(alarmAtMs !== null && alarmAtMs <= latestMs, "no alarm is planned for what is not settled", { shard, alarmAtMs, scenario });
  }
}

function takenOf(taken: readonly { readonly shard: number; readonly giveback: number }[], shard: number): number {
  return taken.find((one) => one.shard === shard)?.giveback ?? 0;
}

function givenBack({ givebacks }: ShardTally, prize: string, taken: number): number {
  return givebacks.reduce((sum, { giveback, cards }) => (giveback > taken ? sum + (cards[prize] ?? 0) : sum), 0);
}

/** The issuer counts the cards that its callers know of, and no others. */
function checkTally({ book }: Play, { shard, cards }: ShardTally): void {
  const mine = book.cards.filter((card) => card.shard === shard);
  const key = (prize: string, state: CardState | undefined, fallback: boolean, returned: boolean) =>
    [prize, state, fallback, returned].join();
  const expected = Map.groupBy(mine, (card) => key(card.prize, card.possible[0]?.state, card.segment === null, book.isReturned(card)));
  const counted = cards.map((row) => [key(row.prize, row.state, row.fallback, row.returned), row.count] as const);
  for (const [what, count] of counted) demand(expected.get(what)?.length === count, "an issuer counts other cards", what, count);
  demand(counted.length === expected.size, "an issuer misses cards", counted, [...expected.keys()]);
}

/** Plays the campaign to its end: deals what is left, settles everything, and holds the whole against the seeds. */
export async function finish(play: Play): Promise<void> {
  const { stage } = play;
  stage.disarm();
  if (play.status === "paused") await play.resume();
  await dealOut(play);
  // A code shows only now whether it is the right one.
  await play.redeem(play.book.cards.filter((card) => play.book.isCoded(card)));
  const blocks = await settleAll(play);
  await audit(play);
  const events = play.shards.flatMap((shard) => chain(blocks[shard] ?? []));
  checkPauses(play, blocks);
  await checkFold(play, events);
  checkPlaces(play, events);
  await checkSeeds(play, events);
}

/** Whatever can be issued is issued, wherever it lies. Each shard is asked twice in a row: what its first draws waited for too long is there for the next. */
async function dealOut(play: Play): Promise<void> {
  const { book, stage } = play;
  for (let round = 0; stage.nowMs() < book.endsAtMs; round++) {
    const left = book.stockLeft(stage.nowMs());
    if (left <= 0 || left === Infinity) return;
    demand(round < MAX_ROUNDS, "stock is stranded", { left });
    const before = book.cards.length;
    await play.drawSome(Math.floor(round / 2) % play.shards.length, left + 1);
    if (book.cards.slice(before).some(({ segment }) => segment !== null)) continue;
    await play.pass(1);
    await play.ringAll();
  }
}

/** Rings the alarms until every block has arrived; returns them by shard, in order. */
async function settleAll(play: Play): Promise<Block[][]> {
  for (let round = 0; ; round++) {
    await play.pass(11);
    await play.ringAll();
    const tallies = await Promise.all(play.shards.map((shard) => play.issuer(shard).tally({ campaign: play.id, shard })));
    const arrived = play.shards.map((shard) => inOrder(readBlocks(play.stage.sent, play.id, shard)));
    const all = tallies.every(({ shard, lastBlock, unpackedEvents }) => unpackedEvents === 0 && arrived[shard]?.length === lastBlock);
    if (all) {
      const overdue = () => play.book.cards.filter((card) => play.book.isOverdue(card, play.stage.nowMs()));
      await play.lookAtCards(overdue());
      const waiting = overdue();
      demand(waiting.length === 0, "cards did not expire", waiting);
      return arrived;
    }
    demand(round < MAX_ROUNDS, "blocks do not arrive", tallies);
  }
}

function inOrder(blocks: readonly Block[]): Block[] {
  const byNumber = new Map<number, Block>();
  for (const block of blocks) {
    const same = byNumber.get(block.header.block);
    demand(same === undefined || same.header.hash === block.header.hash, "a block number was used twice", block.header, same?.header);
    byNumber.set(block.header.block, block);
  }
  return [...byNumber.values()].toSorted((a, b) => a.header.block - b.header.block);
}

/** The events of a shard, out of blocks that are numbered without gaps and chained. */
function chain(blocks: readonly Block[]): CardEvent[] {
  let prev = GENESIS_HASH;
  return blocks.flatMap((block, i) => {
    const { header } = block;
    demand(header.block === i + 1 && header.prev === prev, "the chain of blocks is broken", header);
    prev = header.hash;
    const events = blockEvents(block);
    demand(events.length === header.events, "a block does not hold what it says", header);
    return events;
  });
}

function checkPauses({ pauses, shards }: Play, blocks: readonly (readonly Block[])[]): void {
  for (const { paused, resumed } of pauses) {
    for (const shard of shards) {
      const within = (blocks[shard] ?? []).slice(paused[shard], resumed[shard]);
      const issued = within.flatMap(blockEvents).filter(({ type }) => type === "issued");
      demand(issued.length === 0, "cards were issued while the campaign was paused", issued);
    }
  }
}

const STATE_AFTER = {
  issued: "issued",
  revealed: "revealed",
  redeemed: "redeemed",
  used: "used",
  voided: "voided",
  expired: "expired",
} as const satisfies Record<CardEvent["type"], CardState>;

/** The events tell of every card what its issuer holds, in unbroken versions. */
async function checkFold({ book }: Play, events: readonly CardEvent[]): Promise<void> {
  const byCard = Map.groupBy(events, ({ card }) => card);
  demand(byCard.size === book.cards.length, "events tell of other cards than callers", byCard.size, book.cards.length);
  for (const card of book.cards) {
    const told = byCard.get(card.cardId) ?? [];
    demand(
      told.every(({ version, prize }, i) => version === i + 1 && prize === card.prize),
      "a card's events have gaps",
      told,
    );
    const [issued] = told;
    const last = told.at(-1);
    const [truth] = card.possible;
    demand(
      issued?.type === "issued" && last !== undefined && STATE_AFTER[last.type] === truth?.state,
      "events tell another state",
      card,
      told,
    );
    if (issued?.type === "issued") {
      const { recipient, lineUserId, metadata, requestId } = card.draw;
      const same = [issued.request === requestId, (issued.recipient ?? null) === recipient, (issued.user ?? null) === lineUserId];
      demand([...same, (issued.metadata ?? null) === metadata].every(Boolean), "events tell of another draw", issued, card.draw);
      demand((issued.segment ?? null) === card.segment && issued.at === card.issuedAtMs, "events tell of another card", issued, card);
      demand((issued.expires ?? null) === card.expiresAtMs, "events tell of another expiry", issued, card);
    }
    const users = told.flatMap((event) => (event.type === "revealed" || event.type === "redeemed" ? [event.user] : []));
    demand(
      users.every((user) => user === truth?.user),
      "events tell of another user",
      card,
      told,
    );
    const returned = told.some((event) => (event.type === "voided" || event.type === "expired") && event.returned);
    demand(returned === book.isReturned(card), "events tell otherwise of the card's place", card, told);
    const redemptions = told.filter(({ type }) => type === "redeemed").length;
    demand(redemptions === (truth?.state === "redeemed" || truth?.state === "used" ? 1 : 0), "a card is not redeemed once", told);
  }
}

interface Place {
  readonly card: BookedCard;
  readonly position: number;
}

function placesOf({ book }: Play, events: readonly CardEvent[]): Map<string, Place[]> {
  const positions = new Map(events.flatMap((event) => (event.type === "issued" ? [[event.card, event.position] as const] : [])));
  const placed = book.cards.flatMap((card) => {
    const position = positions.get(card.cardId);
    return card.segment === null || position === undefined ? [] : [{ card, position }];
  });
  return Map.groupBy(placed, ({ card }) => card.segment ?? "");
}

/** No place of a deck is held by two cards. */
function checkPlaces(play: Play, events: readonly CardEvent[]): void {
  for (const [segment, places] of placesOf(play, events)) {
    const live = places.filter(({ card }) => !play.book.isReturned(card)).map(({ position }) => position);
    demand(new Set(live).size === live.length, "two cards have one place", segment, live);
  }
}

/** What every card held is what the committed seed had put there; and every code was the one of its place. */
async function checkSeeds(play: Play, events: readonly CardEvent[]): Promise<void> {
  const closed = await play.pool().changeStatus(play.id, "close");
  demand(closed.status === "done", "the campaign did not close", closed);
  const fairness = await play.pool().fairness(play.id);
  const codes = new Map(events.flatMap((event) => (event.type === "redeemed" ? [[event.card, event.code ?? null] as const] : [])));
  for (const { name, seed, manifest, size, prizes, moments, codes: loaded } of play.book.shelf) {
    const told = fairness.find(({ segment }) => segment === name);
    demand(told?.opened?.seed === bytesToHex(seed) && told.size === size, "another seed was opened than committed to", name);
    const decks: Uint16Array[] = [];
    const deckOf = (n: number) => (decks[n] ??= shuffleDeck(manifest, deckSeed(seed, n)));
    for (const { card, position } of placesOf(play, events).get(name) ?? []) {
      const deck = deckOf(Math.floor(position / size));
      const ordinal = deck[position % size] ?? -1;
      demand(manifest[ordinal]?.prize === card.prize, "a card is not what the seed says", card, position);
      demand(moments === null || (moments[position] ?? Infinity) <= card.issuedAtMs, "a card was issued before its moment", card, position);
      const coded = prizes.find(({ kind }) => kind === "code")?.prize === card.prize;
      const rank = deck.slice(0, position).filter((one) => one === ordinal).length;
      const code = codes.get(card.cardId);
      if (code !== undefined) demand(code === (coded ? (loaded[rank] ?? null) : null), "a card has another's code", card, code);
    }
  }
}
