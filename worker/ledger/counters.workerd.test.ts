import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publishCampaign } from "../../durable-objects/campaign.fixture.ts";
import type { CardEvent, PrizeKind } from "../../durable-objects/protocol.ts";
import { redriveStatements } from "../rewards/redrive.ts";
import { recordVerdicts } from "../rewards/rows.ts";
import { judgeAttempt, postpone } from "../rewards/verdict.ts";
import { chainBlocks, deliver } from "./blocks.fixture.ts";
import { register } from "./ledgers.ts";
import { readCounters, recount } from "./recount.fixture.ts";

const START = Date.parse("2027-02-05T12:00:00Z");
const KINDS: Readonly<Record<string, PrizeKind>> = { points: "webhook", coupon: "coupon", thanks: "none" };
const MAX_GAP_MS = 90_000;

/** A card's life: how far it goes, how it ends, and how long it takes from each step to the next. */
interface Life {
  readonly prize: string;
  readonly fallback: boolean;
  readonly steps: number;
  readonly end: "voided" | "expired" | null;
  readonly startMs: number;
  readonly gapMs: number;
}

const lives = fc.array(
  fc.record<Life>({
    prize: fc.constantFrom(...Object.keys(KINDS)),
    fallback: fc.boolean(),
    steps: fc.integer({ min: 1, max: 4 }),
    end: fc.constantFrom("voided", "expired", null),
    startMs: fc.nat(MAX_GAP_MS),
    gapMs: fc.nat(MAX_GAP_MS),
  }),
  { minLength: 1, maxLength: 12 },
);

function eventsOf(card: string, { prize, fallback, steps, end, startMs, gapMs }: Life): CardEvent[] {
  const base = (version: number) => ({ card, prize, version, at: START + startMs + (version - 1) * gapMs });
  const all: CardEvent[] = [
    { ...base(1), type: "issued", request: card, ...(fallback ? {} : { segment: "first.csv", position: 0 }) },
    { ...base(2), type: "revealed", user: "Ualice" },
    { ...base(3), type: "redeemed", user: "Ualice", kind: KINDS[prize] ?? "none" },
    { ...base(4), type: "used", store: "s" },
  ];
  const lived = all.slice(0, steps);
  if (end === null || steps > 2) return lived;
  const ended = base(steps + 1);
  return [...lived, end === "voided" ? { ...ended, type: end, reason: "r", returned: false } : { ...ended, type: end, returned: false }];
}

/** Shuffled by a throw for each: fast-check knows how to make a failing order smaller. */
function shuffled<T>(items: readonly T[], throws: readonly number[]): T[] {
  return items
    .map((item, i) => ({ item, order: throws[i % throws.length] ?? 0 }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

const throws = fc.array(fc.nat(1_000), { minLength: 7, maxLength: 40 });

/** What an agent or an operator does to one of the rewards. */
const ACTS = ["grant", "refuse", "postpone", "redrive"] as const;
type Act = (typeof ACTS)[number];
const acts = fc.array(fc.record({ which: fc.nat(), act: fc.constantFrom(...ACTS), afterMs: fc.nat(MAX_GAP_MS) }), { maxLength: 15 });

describe("the minute counters", () => {
  it("equal a recount of the ledger at any time, whatever is shuffled, doubled, refused and redriven", async () => {
    await fc.assert(
      fc.asyncProperty(lives, throws, fc.integer({ min: 1, max: 4 }), acts, async (cards, order, size, rewardActs) => {
        const { id: campaign } = await publishCampaign();
        const check = async () => expect(await readCounters(campaign)).toEqual(await recount(campaign));
        const events = cards.flatMap((life, i) => eventsOf(cardOf(campaign, i), life));
        const blocks = chainBlocks(campaign, chunks(shuffled(events, order), size));
        for (const batch of chunks(shuffled([...blocks, ...blocks], order.toReversed()), 3)) {
          await deliver(batch);
          await check();
        }
        const won = cards.flatMap(({ prize, steps }, i) => (prize === "points" && steps > 2 ? [cardOf(campaign, i)] : []));
        for (const [i, { which, act, afterMs }] of won.length === 0 ? [] : rewardActs.entries()) {
          const reward = { card: won[which % won.length] ?? "", campaign, attempts: 0 };
          await perform(act, reward, START + 10 * MAX_GAP_MS + i * 20_000 + afterMs);
          await check();
        }
        const counted = await readCounters(campaign);
        expect(counted.reduce((sum, { type, count }) => (type.startsWith("issued") ? sum + count : sum), 0)).toBe(cards.length);
      }),
      { numRuns: 25 },
    );
  });
});

const cardOf = (campaign: string, i: number) => `${campaign}-card-${i}`;

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** An agent's writing is done twice, as by a doubled message. */
async function perform(act: Act, reward: Parameters<typeof judgeAttempt>[0], nowMs: number): Promise<void> {
  if (act === "redrive") {
    const db = drizzle(env.LEDGER);
    await db.batch(redriveStatements(db, [reward], nowMs));
    return;
  }
  const verdict = {
    grant: () => judgeAttempt(reward, { outcome: "granted", receipt: { granted: true } }, nowMs, 0),
    refuse: () => judgeAttempt(reward, { outcome: "refused", reason: "answered 422" }, nowMs, 0),
    postpone: () => postpone(reward, 1_000, nowMs),
  }[act]();
  await recordVerdicts(env, register(env), [verdict], nowMs);
  await recordVerdicts(env, register(env), [verdict], nowMs);
}
