import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { callJson } from "../../scripts/api-call.ts";
import { mapAtOnce } from "../../scripts/at-once.ts";
import { demoCampaignFile } from "../../scripts/demo-campaign.ts";
import { drawCards, drawOne } from "../../scripts/draw.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { newLineUserId, PlayerClient } from "../../scripts/player-client.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { WorkerOptions } from "../../scripts/bundle.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { exitOnSignals } from "../../scripts/exits.ts";
import { openTerminal, table } from "../../scripts/terminal.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { keepResult } from "../keep-result.ts";
import { unlimited } from "../unlimited.ts";
import { countsBetween, sumOf } from "./counts.ts";
import type { Counts } from "./counts.ts";
import { assertSettled, atTicks, countsOf, quietCounts } from "./settled-counts.ts";
import { billOf, PRICED_AT, PRICES } from "./prices.ts";
import type { Bill } from "./prices.ts";

const USAGE = `npm run bench:cost -- [--cards 3000] [--players 48] [--peak 300] [--rate 1000] [--seconds 20]
  What a card costs from its draw to its settlement: requests, rows and messages as the platform counts them, by the app as it is, under load.
  Each player draws a card, scratches it and, unless the campaign redeems by itself, redeems it; then the next. One shard for each 300 of --peak.
  Then the same step by step, each settled before the next, which is the most that the ledger writes of a card.
  Then cards are made to live by RPC, --rate a second for so many seconds, as HTTP could not bring them here.`;
/** More than any run draws; one card in seven needs the reward system. */
const STOCK = new Map([
  ["points-10", 100_000],
  ["coupon-50", 200_000],
  ["thanks", 400_000],
]);
const FACES = 500;
/** A draw, three looks at the card, a scratch and a redemption. */
const LIFE_REQUESTS = 6;
const NAIVE = "naive Durable Object";
const TICKS_PER_SECOND = 10;

const { values } = parseArgs({
  options: {
    cards: { type: "string", default: "3000" },
    players: { type: "string", default: "48" },
    peak: { type: "string", default: "300" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else await run();

interface Line {
  readonly name: string;
  readonly cards: number;
  readonly cardsPerSecond: number;
  readonly counts: Counts;
}

async function run(): Promise<void> {
  const terminal = openTerminal();
  const house = await openServedHouse(terminal, { source: { entry: "bench/cost/worker/index.ts", adapt: addNaive }, scheduled: false });
  const lines = [
    await measure(house, terminal, "redeemed by hand", false),
    await measure(house, terminal, "autoRedeem", true),
    await measureSteps(house, terminal),
    await measureRate(house, terminal),
    await measureNaive(house, terminal),
  ];
  const face = await measureFaces(house);
  await house.close({ keep: false });
  show(terminal, lines, face);
  const bills = billsOf(lines);
  showBills(terminal, bills);
  await keepResult(terminal, "cost", { lines, face, pricedAt: PRICED_AT, bills });
}

/** A campaign made to be played, and who plays it. */
async function openPlayed(house: ServedHouse, terminal: Terminal, id: string, autoRedeem: boolean): Promise<readonly PlayerClient[]> {
  const settings = { autoRedeem, expectedPeakPerSecond: Number(values.peak), limits: { perRecipient: 5 } };
  const file = await openMadeCampaign(house, house.admin, terminal, { id, settings, stock: STOCK });
  return mapAtOnce(Array.from({ length: Number(values.players) }), 8, () =>
    PlayerClient.signIn(house, id, { sub: newLineUserId(), name: "somebody", channelId: file.line.channelId }),
  );
}

async function drawNew(house: ServedHouse, id: string): Promise<string> {
  const [card] = await drawCards(house.partner, id, [{ requestId: randomUUID(), recipient: `visitor-${randomUUID()}` }]);
  if (card === undefined) throw new Error("no card was drawn");
  return card.cardId;
}

/** Plays the cards of a campaign made for it, and counts until the last of them is settled. */
async function measure(house: ServedHouse, terminal: Terminal, name: string, autoRedeem: boolean): Promise<Line> {
  const id = autoRedeem ? "cost-auto" : "cost-plain";
  const players = await openPlayed(house, terminal, id, autoRedeem);
  const cards = Number(values.cards);
  const before = await countsOf(house);
  const startedAtMs = performance.now();
  let done = 0;
  await mapAtOnce(Array.from({ length: cards }), players.length, async (_, n) => {
    const player = players[n % players.length] as PlayerClient;
    const cardId = await drawNew(house, id);
    await player.reveal(cardId);
    if (!autoRedeem) await player.redeem(cardId);
    done += 1;
    terminal.progress(name, done, cards);
  });
  const cardsPerSecond = cards / ((performance.now() - startedAtMs) / 1_000);
  const after = await settledCounts(house, terminal, id);
  return { name, cards, cardsPerSecond, counts: countsBetween(before, after) };
}

/** The same, but all cards are drawn, then scratched, then redeemed, and each time all of it is settled before the next: nothing of a card's life goes together. */
async function measureSteps(house: ServedHouse, terminal: Terminal): Promise<Line> {
  const id = "cost-steps";
  const players = await openPlayed(house, terminal, id, false);
  const cards: { readonly cardId: string; readonly player: PlayerClient }[] = [];
  const before = await countsOf(house);
  let tookMs = 0;
  const step = async (what: string, work: (n: number) => Promise<unknown>) => {
    const startedAtMs = performance.now();
    await terminal.step(`${id}: ${what}`, () => mapAtOnce(Array.from({ length: Number(values.cards) }), players.length, (_, n) => work(n)));
    tookMs += performance.now() - startedAtMs;
    return settledCounts(house, terminal, id);
  };
  await step("draws", async (n) => cards.push({ cardId: await drawNew(house, id), player: players[n % players.length] as PlayerClient }));
  await step("reveals", async (n) => cards[n]?.player.reveal(cards[n].cardId));
  const after = await step("redemptions", async (n) => cards[n]?.player.redeem(cards[n].cardId));
  return {
    name: "step by step",
    cards: cards.length,
    cardsPerSecond: cards.length / (tookMs / 1_000),
    counts: countsBetween(before, after),
  };
}

/** Lets cards live by RPC, some each tick, at a rate that a campaign is made for. */
async function measureRate(house: ServedHouse, terminal: Terminal): Promise<Line> {
  const id = "cost-rate";
  const rate = Number(values.rate);
  const ticks = Number(values.seconds) * TICKS_PER_SECOND;
  const settings = { expectedPeakPerSecond: rate, limits: { perRecipient: 5 } };
  await openMadeCampaign(house, house.admin, terminal, { id, settings, stock: STOCK });
  const before = await countsOf(house);
  const startedAtMs = performance.now();
  let done = 0;
  await atTicks(ticks, TICKS_PER_SECOND, async (tick) => {
    const lived = await callJson<{ cards: number }>(`${house.appOrigin}/cost/lives/${id}/${rate / TICKS_PER_SECOND}`, { method: "POST" });
    done += lived.cards;
    terminal.progress(`at ${rate} a second`, tick + 1, ticks);
  });
  const cardsPerSecond = done / ((performance.now() - startedAtMs) / 1_000);
  const after = await settledCounts(house, terminal, id);
  return { name: `by RPC, ${rate} a second`, cards: done, cardsPerSecond, counts: countsBetween(before, after) };
}

/** The same life in the Durable Object that comes to mind first. */
async function measureNaive(house: ServedHouse, terminal: Terminal): Promise<Line> {
  const cards = Number(values.cards);
  const deck = Array.from({ length: cards }, (_, n) => (n % 7 === 0 ? "points-10" : n % 7 < 3 ? "coupon-50" : "thanks"));
  const before = await countsOf(house);
  const startedAtMs = performance.now();
  await terminal.step(NAIVE, () => callJson(`${house.appOrigin}/cost/naive-lives`, { method: "POST", body: deck }));
  const cardsPerSecond = cards / ((performance.now() - startedAtMs) / 1_000);
  const after = await terminal.step("and its events are settled", () => quietCounts(house));
  return { name: NAIVE, cards, cardsPerSecond, counts: countsBetween(before, after) };
}

async function settledCounts(house: ServedHouse, terminal: Terminal, id: string): Promise<Counts> {
  const counts = await terminal.step(`${id} is settled`, () => quietCounts(house));
  const invariants = await house.admin.invariants(id);
  assertSettled(id, invariants);
  const pending = invariants.prizes.reduce((sum, { rewards }) => sum + rewards.pending, 0);
  if (pending > 0) throw new Error(`${id} has ${pending} rewards that are pending`);
  return counts;
}

/** What is counted while the face of a card is asked for, again and again. */
async function measureFaces(house: ServedHouse): Promise<Counts> {
  const { appOrigin, sandboxOrigin, partner } = house;
  const id = "cost-plain";
  const { cardId } = await drawOne(partner, id);
  const user = { sub: newLineUserId(), channelId: (await demoCampaignFile(id, Date.now())).line.channelId };
  const { idToken } = await callJson<{ idToken: string }>(`${sandboxOrigin}/sandbox/id-token`, { method: "POST", body: user });
  const body = { campaign: id, idToken };
  const { session } = await callJson<{ session: string }>(`${appOrigin}/player/v1/session`, { method: "POST", body });
  const before = await quietCounts(house);
  const headers = { authorization: `Bearer ${session}` };
  await mapAtOnce(Array.from({ length: FACES }), 8, () => callJson(`${appOrigin}/player/v1/campaigns/${id}/cards/${cardId}`, { headers }));
  return countsBetween(before, await countsOf(house));
}

function isRequest(name: string): boolean {
  return /^(issuer|pool|gate): /.test(name) && !name.endsWith(": rows written");
}

/** What is promised of a card's life, and of a face. */
function promises(lines: readonly Line[], face: Counts): (readonly [string, number, number])[] {
  const [byHand, auto, steps, atRate] = lines;
  if (byHand === undefined || auto === undefined || steps === undefined || atRate === undefined) return [];
  const rows = ({ counts, cards }: Line) => (counts["issuer: rows written"] ?? 0) / cards;
  const settled = ({ counts, cards }: Line) => (counts["ledger: rows written"] ?? 0) / cards;
  const messages = ({ counts, cards }: Line) => sumOf(counts, (name) => name.endsWith(": messages")) / cards;
  return [
    ["rows written in the issuer, a card redeemed by hand", Math.max(rows(byHand), rows(atRate)), 5.5],
    ["rows written in the issuer, a card with autoRedeem", rows(auto), 4.5],
    ["rows written in the ledger, a card with autoRedeem", settled(auto), 3.5],
    ["rows written in the ledger, a card step by step", settled(steps), 5.5],
    [`queue messages a card, at ${atRate.cardsPerSecond.toFixed(0)} a second`, messages(atRate), 0.05],
    ["Durable Object requests a face", sumOf(face, isRequest) / FACES, 0],
  ];
}

/** What each line's counts come to, with the requests of a whole life where a line made none over HTTP. */
function billsOf(lines: readonly Line[]): (Bill & { readonly name: string })[] {
  return lines.map(({ name, counts, cards }) => ({ name, ...billOf({ ...counts, "worker: requests": LIFE_REQUESTS * cards }, cards) }));
}

function showBills(terminal: Terminal, bills: readonly (Bill & { readonly name: string })[]): void {
  const naive = bills.find(({ name }) => name === NAIVE)?.total ?? Number.NaN;
  const rows = PRICES.map(({ name }) => [name, ...bills.map(({ items }) => (items[name] ?? 0).toFixed(2))]);
  const sums = [
    ["all", ...bills.map(({ total }) => total.toFixed(2))],
    ["÷ the naive design", ...bills.map(({ total }) => (total / naive).toFixed(2))],
  ];
  terminal.say(`${table([`dollars a million cards, ${PRICED_AT}`, ...bills.map(({ name }) => name)], [...rows, ...sums])}\n`);
}

/** The app, and beside it the design that it is compared with. */
function addNaive(options: WorkerOptions): WorkerOptions {
  const open = unlimited(options);
  return {
    ...open,
    durableObjects: { ...open.durableObjects, NAIVE_POOL: { className: "NaivePool", useSQLite: true } },
    d1Databases: { ...(open.d1Databases as Record<string, string>), NAIVE_LEDGER: "naive-ledger" },
    queueProducers: { ...(open.queueProducers as Record<string, { queueName: string }>), NAIVE_EVENTS: { queueName: "naive-events" } },
    queueConsumers: { ...(open.queueConsumers as Record<string, object>), "naive-events": { maxBatchSize: 100, maxBatchTimeout: 1 } },
  };
}

function show(terminal: Terminal, lines: readonly Line[], face: Counts): void {
  const names = [...new Set(lines.flatMap(({ counts }) => Object.keys(counts)))].toSorted();
  const rows = names.map((name) => [name, ...lines.map(({ counts, cards }) => ((counts[name] ?? 0) / cards).toFixed(3))]);
  const sums = [
    ["all Durable Object requests", ...lines.map(({ counts, cards }) => (sumOf(counts, isRequest) / cards).toFixed(3))],
    ["cards a second", ...lines.map(({ cardsPerSecond }) => cardsPerSecond.toFixed(0))],
  ];
  terminal.say(`\n${table(["a card", ...lines.map(({ name }) => name)], [...rows, ...sums])}\n`);
  const kept = promises(lines, face).map(([what, is, most]) => [what, is.toFixed(3), `${is <= most ? "≤" : "above"} ${most}`]);
  terminal.say(`${table(["promise", "is", ""], kept)}\n`);
}
