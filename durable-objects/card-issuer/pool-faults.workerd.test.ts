import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { aroundBinding } from "../../test/workerd/around.ts";
import type { Around } from "../../test/workerd/around.ts";
import { FAULTS, Trouble } from "../../test/workerd/faults.ts";
import { drawOf, openCampaign } from "../campaign.fixture.ts";
import type { LeaseRequest } from "../protocol.ts";

const STOCK = 60;
const SHARDS = [0, 1] as const;
const TROUBLED_TURNS = 4;
const DRAWS_A_TURN = 12;

afterEach(() => vi.restoreAllMocks());

/** Every issuer's calls to its pool are done by `around`. */
function aroundPool(around: Around): void {
  const pool = env.PRIZE_POOL.getByName.bind(env.PRIZE_POOL);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(env.PRIZE_POOL, "getByName").mockImplementation((name) => aroundBinding(pool(name), around));
}

it.each(FAULTS)(
  "the stock is dealt to its last card and no further, and nobody is told sooner that it is gone, though the PrizePool is %s",
  async (fault) => {
    const campaign = await openCampaign({ coupon: STOCK }, { shards: SHARDS.length });
    const trouble = new Trouble(fault);
    let callers = SHARDS.map(() => trouble.caller());
    aroundPool((call, work, asked) => {
      const { shard } = asked[0] as LeaseRequest;
      return callers[shard]?.around(call, work, asked) ?? work();
    });
    const cards = new Map<string, string>();
    const told = new Set<string>();
    const open = new Map<string, number>();
    const draw = async (shard: number): Promise<void> => {
      const requests = [...open].filter(([, at]) => at === shard).map(([request]) => request);
      const results = await campaign.draw(
        requests.map((request) => drawOf(request)),
        shard,
      );
      for (const [i, result] of results.entries()) {
        told.add(result.status);
        if (result.status === "overloaded") continue;
        open.delete(requests[i] ?? "");
        if ("cardId" in result) cards.set(requests[i] ?? "", result.cardId);
      }
    };
    const turn = async (): Promise<void> => {
      const prompt = trouble.caller();
      const first = Promise.withResolvers<void>();
      // What the first issuer asks lands after all that the second one asks.
      callers = [trouble.caller(first.promise), prompt];
      const late = draw(0);
      await draw(1).finally(first.resolve);
      await late;
    };
    for (let n = 0; n < TROUBLED_TURNS; n += 1) {
      for (const shard of SHARDS) for (let i = 0; i < DRAWS_A_TURN; i += 1) open.set(`request ${n} ${i} of ${shard}`, shard);
      await turn();
      expect(told.has("sold_out") && cards.size < STOCK).toBe(false);
    }
    expect(trouble.calls).toBeGreaterThan(0);
    trouble.end();
    while (open.size > 0) await turn();
    expect([...told].filter((status) => !["issued", "replayed", "overloaded", "sold_out"].includes(status))).toEqual([]);
    expect([cards.size, new Set(cards.values()).size]).toEqual([STOCK, STOCK]);
    const tallies = await Promise.all(SHARDS.map((shard) => campaign.issuer(shard).tally({ campaign: campaign.id, shard })));
    expect(tallies.flatMap(({ cards: counts }) => counts).reduce((sum, { count }) => sum + count, 0)).toBe(STOCK);
    expect(tallies.map(({ held }) => held)).toEqual([{}, {}]);
  },
  30_000,
);

it("a draw is told to come again though the PrizePool does not answer at all, and gets its card when it does", async () => {
  const campaign = await openCampaign({ coupon: 1 }, { startsAtMs: Date.now() + 1_000_000, endsAtMs: Date.now() + 2_000_000 });
  const answered = Promise.withResolvers<void>();
  aroundPool(async (_, work) => {
    await answered.promise;
    return work();
  });
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + 1_000_000);
  const draw = async () => (await campaign.draw([drawOf("a")]))[0]?.status;
  expect(await draw()).toBe("overloaded");
  answered.resolve();
  await expect.poll(draw).toBe("issued");
});
