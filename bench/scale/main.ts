import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { callJson } from "../../scripts/api-call.ts";
import { exitOnSignals, exitWith } from "../../scripts/exits.ts";
import { openHeap } from "../../scripts/heap.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { WARM_UP_CARDS } from "../../durable-objects/card-issuer/demand.ts";
import { openTerminal, table } from "../../scripts/terminal.ts";
import { countsBetween } from "../cost/counts.ts";
import type { Counts } from "../cost/counts.ts";
import { assertSettled, atTicks, countsOf, quietCounts } from "../cost/settled-counts.ts";
import { keepResult } from "../keep-result.ts";
import { unlimited } from "../unlimited.ts";
import { residentBytes, servingProcess } from "./thread.ts";

const USAGE = `npm run bench:scale -- [--shards 1,4,16,64] [--rate 100] [--seconds 10]
  How cost grows with the number of issuers: each draws --rate cards a second for so many seconds, by RPC, and everything is settled. Leases, blocks, messages and
  rows are counted, as bench:cost counts them; what an issuer and a card take of the memory is measured. Wants Linux.`;
const PEAK_PER_SHARD = 300;
const TICKS_PER_SECOND = 5;
const NUDGE_AFTER_MS = 200;
const BYTES_PER_MB = 1024 ** 2;

const { values } = parseArgs({
  options: {
    shards: { type: "string", default: "1,4,16,64" },
    rate: { type: "string", default: "100" },
    seconds: { type: "string", default: "10" },
    help: { type: "boolean", short: "h", default: false },
  },
});
exitOnSignals();
const terminal = openTerminal();
if (values.help) console.log(USAGE);
else await exitWith(run, terminal);

interface Memory {
  /** Of the heap, once garbage is collected. */
  readonly heapBytes: number;
  /** Of the process: SQLite's pages and all else. */
  readonly residentBytes: number;
}

interface Line {
  readonly shards: number;
  readonly cards: number;
  readonly cardsPerSecond: number;
  readonly counts: Counts;
  /** What was more when the issuers had been woken, an issuer; and when all was settled, a card. */
  readonly anIssuer: Memory;
  readonly aCard: Memory;
}

async function run(): Promise<number> {
  const source = { entry: "bench/scale/worker/counting.ts", adapt: unlimited };
  const house = await openServedHouse(terminal, { source, scheduled: false, inspected: true });
  try {
    const lines: Line[] = [];
    // The first campaign pays for what all share.
    await measure(house, "scale-warm-up", 1);
    for (const shards of values.shards.split(",")) lines.push(await measure(house, `scale-${shards}`, Number(shards)));
    show(lines);
    await keepResult(terminal, "scale", { ratePerShard: Number(values.rate), seconds: Number(values.seconds), lines });
    return 0;
  } finally {
    await house.close({ keep: false });
  }
}

async function memoryOf(house: ServedHouse): Promise<Memory> {
  const { server, inspectorPort } = house;
  const heap = await openHeap(inspectorPort ?? 0);
  // The isolate collects when it next has something to do.
  await Promise.all([heap.collectGarbage(), sleep(NUDGE_AFTER_MS).then(() => countsOf(house))]);
  const heapMb = await heap.usedMb();
  heap.close();
  return { heapBytes: heapMb * BYTES_PER_MB, residentBytes: await residentBytes(await servingProcess(server.group)) };
}

function grown(before: Memory, after: Memory, by: number): Memory {
  return {
    heapBytes: (after.heapBytes - before.heapBytes) / by,
    residentBytes: (after.residentBytes - before.residentBytes) / by,
  };
}

/** Opens a campaign, wakes its issuers, lets all of them draw, and waits until everything is settled. */
async function measure(house: ServedHouse, id: string, shards: number): Promise<Line> {
  const { admin } = house;
  const [rate, seconds] = [Number(values.rate), Number(values.seconds)];
  const settings = { expectedPeakPerSecond: shards * PEAK_PER_SHARD, limits: { perRecipient: 5 } };
  const cards = shards * rate * seconds;
  // Each issuer holds two seconds of what it may draw.
  const stock = new Map([
    ["coupon-50", cards * 2 + shards * PEAK_PER_SHARD * 4],
    ["thanks", cards],
  ]);
  const asleep = await memoryOf(house);
  await openMadeCampaign(house, admin, terminal, { id, settings, stock });
  await quietCounts(house);
  const woken = await memoryOf(house);
  // They use up what they were woken with; from then on they lease what they draw.
  await drawAtEach(house, id, WARM_UP_CARDS);
  const before = await quietCounts(house);
  const awake = await memoryOf(house);
  const ticks = seconds * TICKS_PER_SECOND;
  const beganMs = performance.now();
  let drawn = 0;
  await atTicks(ticks, TICKS_PER_SECOND, async (tick) => {
    const each = Math.round(rate / TICKS_PER_SECOND);
    const { cards: issued } = await drawAtEach(house, id, each);
    drawn += issued;
    terminal.progress(`${shards} shards`, tick + 1, ticks);
  });
  const cardsPerSecond = drawn / ((performance.now() - beganMs) / 1_000);
  const after = await terminal.step(`${id} is settled`, () => quietCounts(house));
  assertSettled(id, await admin.invariants(id));
  const counts = countsBetween(before, after);
  return {
    shards,
    cards: drawn,
    cardsPerSecond,
    counts,
    anIssuer: grown(asleep, woken, shards),
    aCard: grown(awake, await memoryOf(house), drawn),
  };
}

async function drawAtEach({ appOrigin }: ServedHouse, id: string, draws: number): Promise<{ readonly cards: number }> {
  return await callJson(`${appOrigin}/scale/draws/${id}/${draws}`, { method: "POST" });
}

function show(lines: readonly Line[]): void {
  const of = (name: string, { counts }: Line) => counts[name] ?? 0;
  const each = (name: string, by: string) => (line: Line) => (of(name, line) / Math.max(1, of(by, line))).toFixed(1);
  const aCard = (name: string) => (line: Line) => (of(name, line) / line.cards).toFixed(4);
  const rows: readonly (readonly [string, (line: Line) => string])[] = [
    ["cards a second", ({ cardsPerSecond }) => cardsPerSecond.toFixed(0)],
    ["leases a card", aCard("pool: lease")],
    ["cards a lease", (line) => (line.cards / Math.max(1, of("pool: lease", line))).toFixed(0)],
    ["rows written in the pool, a card", aCard("pool: rows written")],
    ["rows written in the issuers, a card", aCard("issuer: rows written")],
    ["rows written in the ledger, a card", aCard("ledger: rows written")],
    ["events a block", (line) => (line.cards / Math.max(1, of("card-events: messages", line))).toFixed(1)],
    ["bytes a block", each("card-events: bytes", "card-events: messages")],
    ["messages a card", aCard("card-events: messages")],
    ["blocks a batch", each("card-events: messages", "card-events: batches")],
    ["acknowledgements a card", aCard("issuer: acknowledge")],
    ["heap an issuer, KB", ({ anIssuer }) => (anIssuer.heapBytes / 1_000).toFixed(1)],
    ["resident an issuer, KB", ({ anIssuer }) => (anIssuer.residentBytes / 1_000).toFixed(0)],
    ["heap a card, bytes", ({ aCard: memory }) => memory.heapBytes.toFixed(0)],
    ["resident a card, bytes", ({ aCard: memory }) => memory.residentBytes.toFixed(0)],
  ];
  const heading = ["", ...lines.map(({ shards }) => `${shards} shard${shards === 1 ? "" : "s"}`)];
  terminal.say(
    `\n${table(
      heading,
      rows.map(([name, value]) => [name, ...lines.map(value)]),
    )}\n`,
  );
}
