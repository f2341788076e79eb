import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { accessToken, answerOf, call, problemOf, standInPlatforms } from "../edge.fixture.ts";
import type { Call } from "../edge.fixture.ts";
import { HELD_UNTIL_MS } from "../ledger/held-rewards.ts";
import { rewardGate } from "../objects.ts";
import { ledgerRewards, publishPrizes, seedRewards } from "../rewards/rewards.fixture.ts";
import { sweepRewards } from "../rewards/sweep.ts";

const tokens = new Map<string, string>();
beforeAll(async () => {
  const platforms = await standInPlatforms();
  for (const role of ["operator", "care", "viewer", "stranger"]) {
    tokens.set(role, await accessToken(platforms, `${role}@example.com`, role));
  }
});

function as(role: string, path: string, { headers, ...rest }: Call = {}): Promise<Response> {
  return call(`/admin/v1${path}`, { ...rest, headers: { "cf-access-jwt-assertion": tokens.get(role) ?? "", ...headers } });
}

interface Gates {
  readonly gates: { readonly provider: string; readonly permitsPerSecond: number; readonly state?: Record<string, unknown> }[];
}

describe("GET /gates", () => {
  it("shows what stands before each provider, also one that nobody has asked yet", async () => {
    const { gates } = await answerOf<Gates>(await as("viewer", "/gates"));
    expect(gates.map(({ provider, permitsPerSecond }) => [provider, permitsPerSecond])).toEqual([
      ["points", 200],
      ["line:push", 50],
      ["line:mission", 50],
    ]);
    expect(gates[0]?.state).toMatchObject({ breaker: "closed", failuresInARow: 0, inFlight: 0, recent: [] });
  });

  it("shows one that is closed, until when, and what closed it", async () => {
    const limits = { permitsPerSecond: 50 };
    await rewardGate(env, "line:push").acquire({ provider: "line:push", want: 1, limits });
    await rewardGate(env, "line:push").report({ provider: "line:push", succeeded: 0, failed: 3, retryAfterMs: 90_000 });
    const { gates } = await answerOf<Gates>(await as("viewer", "/gates"));
    expect(gates.find(({ provider }) => provider === "line:push")?.state).toMatchObject({
      breaker: "open",
      openUntil: expect.any(String) as string,
      failuresInARow: 3,
      pacePerSecond: 50,
      recent: [{ succeeded: 0, failed: 3, retryAfterMs: 90_000 }],
    });
  });

  it("is for whoever has a role", async () => {
    expect(await problemOf(await as("stranger", "/gates"))).toBe("forbidden");
  });
});

interface Redrive {
  readonly campaign: string;
  readonly dryRun: boolean;
  readonly redriven: { readonly cardId: string; readonly lastError?: string }[];
  readonly skipped: { readonly cardId: string; readonly status: string }[];
  readonly remaining: number;
}

function redrive(body: object, role = "operator"): Promise<Response> {
  return as(role, "/rewards/redrive", { method: "POST", body });
}

async function auditOf(campaign: string, did = "rewards.redrive"): Promise<{ before: unknown; after: unknown; actor: string }[]> {
  const { entries } = await answerOf<{ entries: { action: string; subject: string; before: unknown; after: unknown; actor: string }[] }>(
    await as("viewer", "/audit"),
  );
  return entries.filter(({ action, subject }) => action === did && subject === campaign);
}

/** The prizes here have no provider that this environment knows: what is sent on to the agent stays pending. */
async function failedCampaign(failed: number): Promise<{ campaign: string; cards: string[] }> {
  const { campaign } = await publishPrizes();
  const refs = await seedRewards(failed, { campaign, prize: "coins", status: "failed", attempts: 28 });
  return { campaign, cards: refs.map(({ card }) => card).sort() };
}

describe("POST /rewards/redrive", () => {
  it("makes what failed pending, due now and with all its attempts before it, and says so", async () => {
    const { campaign, cards } = await failedCampaign(3);
    const done = await answerOf<Redrive>(await redrive({ campaign }));
    expect(done).toMatchObject({ campaign, dryRun: false, skipped: [], remaining: 0 });
    expect(done.redriven).toEqual(cards.map((cardId) => ({ cardId, prize: "coins", attempts: 28 })));
    for (const row of await ledgerRewards(campaign)) {
      expect(row.status).toBe("pending");
      expect(row.attempts).toBeLessThan(2);
    }
    expect(await auditOf(campaign)).toMatchObject([
      { actor: "operator@example.com", before: { failed: 3 }, after: { failed: 0, redriven: cards } },
    ]);
  });

  it("only says what it would do when that is asked", async () => {
    const { campaign, cards } = await failedCampaign(2);
    const planned = await answerOf<Redrive>(await redrive({ campaign, dryRun: true }));
    expect(planned.dryRun).toBe(true);
    expect(planned.redriven.map(({ cardId }) => cardId)).toEqual(cards);
    for (const row of await ledgerRewards(campaign)) expect(row).toMatchObject({ status: "failed", attempts: 28 });
    expect(await auditOf(campaign)).toEqual([]);
  });

  it("releases rewards that are held when it is told to, all or some, and says so; else it leaves them", async () => {
    const { campaign, cards: failed } = await failedCampaign(1);
    const refs = await seedRewards(3, { campaign, prize: "coins", attempts: 2, nextAttemptAt: HELD_UNTIL_MS });
    const held = refs.map(({ card }) => card).sort();
    const stillHeld = async () =>
      (await ledgerRewards(campaign)).filter((row) => row.next_attempt_at === HELD_UNTIL_MS).map(({ card }) => card);
    const listed = await answerOf<{ rewards: { cardId: string; held?: true; nextAttemptAt?: string }[] }>(
      await as("viewer", `/campaigns/${campaign}/rewards?status=pending`),
    );
    expect(listed.rewards.map(({ held: isHeld, nextAttemptAt }) => [isHeld, nextAttemptAt])).toEqual(held.map(() => [true, undefined]));
    expect((await answerOf<Redrive>(await redrive({ campaign, dryRun: true }))).redriven.map(({ cardId }) => cardId)).toEqual(failed);
    const planned = await answerOf<Redrive>(await redrive({ campaign, held: true, dryRun: true }));
    expect(planned.redriven.map(({ cardId }) => cardId)).toEqual(held);
    expect(await stillHeld()).toEqual(held);
    const [first = "", ...rest] = held;
    const some = await answerOf<Redrive>(await redrive({ campaign, held: true, ids: [first, ...failed] }));
    expect([some.redriven.map(({ cardId }) => cardId), some.skipped, some.remaining]).toEqual([
      [first],
      [{ cardId: failed[0], status: "failed" }],
      2,
    ]);
    expect(await stillHeld()).toEqual(rest);
    await answerOf<Redrive>(await redrive({ campaign, held: true }));
    expect(await stillHeld()).toEqual([]);
    expect(await auditOf(campaign, "rewards.release")).toMatchObject([
      { before: { held: 2 }, after: { held: 0, redriven: rest } },
      { actor: "operator@example.com", before: { held: 3 }, after: { held: 2, redriven: [first] } },
    ]);
  });

  it("takes the cards that are named, and leaves what has not failed or is another campaign's", async () => {
    const { campaign, cards } = await failedCampaign(2);
    const [granted] = await seedRewards(1, { campaign, status: "granted" });
    const [pending] = await seedRewards(1, { campaign, nextAttemptAt: Date.now() + 3_600_000 });
    const foreign = await failedCampaign(1);
    const [first = "", second = ""] = cards;
    const others = [granted?.card ?? "", pending?.card ?? "", foreign.cards[0] ?? ""];
    const done = await answerOf<Redrive>(await redrive({ campaign, ids: [second, ...others, second] }));
    expect(done.redriven.map(({ cardId }) => cardId)).toEqual([second]);
    expect(done.skipped).toEqual([
      { cardId: others[0], status: "granted" },
      { cardId: others[1], status: "pending" },
      { cardId: others[2], status: "unknown" },
    ]);
    expect(done.remaining).toBe(1);
    expect((await ledgerRewards(campaign)).filter(({ status }) => status === "failed").map(({ card }) => card)).toEqual([first]);
    expect(await ledgerRewards(foreign.campaign)).toMatchObject([{ status: "failed" }]);
  });

  it("takes a bounded number in one call, and the rest in the next", async () => {
    const { campaign } = await failedCampaign(620);
    const first = await answerOf<Redrive>(await redrive({ campaign }));
    expect([first.redriven.length, first.remaining]).toEqual([500, 120]);
    const second = await answerOf<Redrive>(await redrive({ campaign }));
    expect([second.redriven.length, second.remaining]).toEqual([120, 0]);
    const third = await answerOf<Redrive>(await redrive({ campaign }));
    expect([third.redriven.length, third.remaining]).toEqual([0, 0]);
    expect(await auditOf(campaign)).toHaveLength(2);
  });

  it("of two that come at once redrives each reward once", async () => {
    const { campaign, cards } = await failedCampaign(5);
    const both = await Promise.all([1, 2].map(async () => answerOf<Redrive>(await redrive({ campaign }))));
    expect(both.flatMap(({ redriven }) => redriven.map(({ cardId }) => cardId)).sort()).toEqual(cards);
  });

  it.each([
    ["a campaign that there is not", { campaign: "no-such-campaign" }, "campaign_not_found"],
    ["no campaign", {}, "invalid_request"],
    ["no cards", { campaign: "spring", ids: [] }, "invalid_request"],
    ["too many cards", { campaign: "spring", ids: Array.from({ length: 501 }, (_, i) => `card-${i}`) }, "invalid_request"],
    ["an unknown field", { campaign: "spring", force: true }, "invalid_request"],
  ])("refuses %s", async (_, body, code) => {
    expect(await problemOf(await redrive(body))).toBe(code);
  });

  it.each(["viewer", "care"])("is not for a %s", async (role) => {
    expect(await problemOf(await redrive({ campaign: "spring" }, role))).toBe("forbidden");
  });
});

describe("what failed", () => {
  it("is kept, and no sweep touches it", async () => {
    const { campaign } = await failedCampaign(1);
    await sweepRewards(env, Date.now() + 365 * 86_400_000);
    expect(await ledgerRewards(campaign)).toMatchObject([{ status: "failed", attempts: 28 }]);
  });
});

describe("GET /dead-letters", () => {
  it("shows them newest first, page by page, of one queue or of all", async () => {
    const put = (queue: string, n: number) =>
      env.LEDGER.prepare("INSERT INTO dead_letters (queue, body, at) VALUES (?, ?, ?)")
        .bind(queue, JSON.stringify({ n }), 1_000 + n)
        .run();
    for (let n = 0; n < 5; n += 1) await put("rewards-dead", n);
    await put("card-events-dead", 5);
    interface Page {
      readonly letters: { readonly queue: string; readonly body: { n: number } }[];
      readonly next: number | null;
    }
    const page = async (query: string) => answerOf<Page>(await as("viewer", `/dead-letters?${query}`));
    expect((await page("limit=1")).letters).toMatchObject([{ queue: "card-events-dead", at: "1970-01-01T00:00:01.005Z", body: { n: 5 } }]);
    const seen: number[] = [];
    let next: number | null = null;
    do {
      const { letters, next: after } = await page(`queue=rewards-dead&limit=2${next === null ? "" : `&before=${String(next)}`}`);
      seen.push(...letters.map(({ body }) => body.n));
      next = after;
    } while (next !== null);
    expect(seen).toEqual([4, 3, 2, 1, 0]);
  });

  it("is for whoever has a role", async () => {
    expect(await problemOf(await as("stranger", "/dead-letters"))).toBe("forbidden");
  });
});
