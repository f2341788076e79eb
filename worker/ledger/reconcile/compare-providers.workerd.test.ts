import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { rewardGate } from "../../objects.ts";
import { HELD_UNTIL_MS } from "../held-rewards.ts";
import { MAX_LISTED } from "../../rewards/list-grants.ts";
import { ledgerRewards, publishPrizes, seedRewards } from "../../rewards/rewards.fixture.ts";
import { compareProviders, FIRST_PROVIDER, LIST_TOOLS, providersCursorSchema } from "./compare-providers.ts";
import type { ListTools, ProviderReport, ProvidersCursor } from "./compare-providers.ts";
import { forgetMended, keepUnasked, recordDifferences, standingDifferences } from "./differences.ts";
import type { CardDifference } from "./differences.ts";
import { reconcileInTurn } from "./in-turn.ts";

const LIST_URL = "https://rewards.example/grants";
const GRANTED_AT = "2027-03-01T00:00:00.000Z";

interface Listed {
  readonly campaign: string;
  readonly env: Env;
}

/** A campaign of five prizes from outside, with a provider of its own that has a list. */
async function listedCampaign(): Promise<Listed> {
  const { campaign, env: own } = await publishPrizes();
  const provider = { url: "https://rewards.example/grant", permitsPerSecond: 1_000, listUrl: LIST_URL };
  return { campaign, env: { ...own, REWARD_PROVIDERS: JSON.stringify({ [campaign]: provider }) } };
}

const cardsOf = async (count: number, seeded: Parameters<typeof seedRewards>[1]) =>
  (await seedRewards(count, seeded)).map(({ card }) => card);

/** A provider's answer from its book, as the contract has it. */
function answerFrom(book: readonly string[]): (url: string) => Response {
  const ordered = [...book].sort();
  return (url) => {
    const { searchParams } = new URL(url);
    const ids = ordered.filter((id) => id > (searchParams.get("after") ?? "")).slice(0, Number(searchParams.get("limit")));
    return Response.json({ grants: ids.map((id) => ({ id, grantedAt: GRANTED_AT })) });
  };
}

function toolsThat(answer: (url: string) => Response | Promise<Response>): { tools: ListTools; asked: string[] } {
  const asked: string[] = [];
  const fetch: ListTools["fetch"] = async (url) => {
    asked.push(url);
    return answer(url);
  };
  return { tools: { ...LIST_TOOLS, fetch }, asked };
}

interface Compared {
  readonly reports: ProviderReport[];
  readonly faults: Map<string, readonly string[]>;
}

/** The whole phase, step by step. */
async function compareAll({ campaign, env: own }: Listed, tools: ListTools): Promise<Compared> {
  const reports: ProviderReport[] = [];
  const differences: CardDifference[] = [];
  for (let cursor: ProvidersCursor | null = FIRST_PROVIDER; cursor !== null;) {
    const step = await compareProviders(own, campaign, providersCursorSchema.parse(cursor), tools);
    if (step.provider !== undefined) reports.push(step.provider);
    differences.push(...step.differences);
    cursor = step.next;
  }
  return { reports, faults: new Map(differences.map(({ card, faults }) => [card, faults])) };
}

const ofProvider = ({ reports }: Compared, provider: string) => reports.filter((report) => report.provider === provider);

describe("a provider's own list", () => {
  it("is the ledger's granted rewards where nothing is wrong, page after page, whatever else the ledger holds", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    const cards: string[] = [];
    for (let n = 0; n < 5; n++) {
      cards.push(...(await cardsOf(250, { campaign, status: "granted" })));
      await seedRewards(30, { campaign, prize: "sticker", kind: "line-sticker", status: "granted" });
      await seedRewards(30, { campaign: "another", status: "granted" });
      await seedRewards(30, { campaign });
    }
    const { tools, asked } = toolsThat(answerFrom(cards));
    const compared = await compareAll(listed, tools);
    expect(compared.faults.size).toBe(0);
    expect(ofProvider(compared, campaign)).toEqual([
      { status: "compared", provider: campaign, grants: MAX_LISTED, waiting: 0, told: 0 },
      { status: "compared", provider: campaign, grants: 250, waiting: 0, told: 0 },
    ]);
    expect(asked.map((url) => Object.fromEntries(new URL(url).searchParams))).toEqual([
      { campaign, after: "", limit: "1000" },
      { campaign, after: cards[MAX_LISTED - 1], limit: "1000" },
    ]);
  });

  it("differs by what only one of the two has; what is pending in the ledger waits", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    const granted = await cardsOf(1_100, { campaign, status: "granted" });
    const pending = await cardsOf(2, { campaign });
    const failed = await cardsOf(2, { campaign, status: "failed" });
    const [sticker = ""] = await cardsOf(1, { campaign, prize: "sticker", kind: "line-sticker", status: "granted" });
    const [other = ""] = await cardsOf(1, { campaign: (await listedCampaign()).campaign, status: "granted" });
    const missing = [granted[0] ?? "", granted[700] ?? "", granted[1_099] ?? ""];
    const strange = ["!first", `${campaign}-unknown`, "~last"];
    const kept = granted.filter((card) => !missing.includes(card));
    const { tools } = toolsThat(answerFrom([...kept, ...strange, ...pending.slice(1), ...failed.slice(1), sticker, other]));
    const compared = await compareAll(listed, tools);
    const has = `provider ${campaign} has granted it (${GRANTED_AT})`;
    const noOther = `${has}, and the ledger's reward is none of the campaign's that this provider hands over`;
    expect(compared.faults).toEqual(
      new Map<string, readonly string[]>([
        ...missing.map((card) => [card, [`granted in the ledger, and provider ${campaign} has no such grant`]] as const),
        ...strange.map((card) => [card, [`${has}, and the ledger has no such reward`]] as const),
        [failed[1] ?? "", [`failed in the ledger, and ${has}`]],
        [sticker, [noOther]],
        [other, [noOther]],
      ]),
    );
    const reports = ofProvider(compared, campaign).flatMap((report) => (report.status === "compared" ? [report] : []));
    expect(reports.reduce((sum, { grants }) => sum + grants, 0)).toBe(1_100 + strange.length + 4);
    expect(reports.reduce((sum, { waiting }) => sum + waiting, 0)).toBe(1);
  });

  it("tells that a reward was granted which was held because nothing told it, and nothing of other held ones", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    const held = await cardsOf(3, { campaign, nextAttemptAt: HELD_UNTIL_MS, attempts: 2 });
    const { tools } = toolsThat(answerFrom(held.slice(0, 2)));
    const compared = await compareAll(listed, tools);
    expect(compared.faults).toEqual(new Map());
    expect(ofProvider(compared, campaign)).toEqual([{ status: "compared", provider: campaign, grants: 2, waiting: 0, told: 2 }]);
    expect((await ledgerRewards(campaign)).map(({ card, status, attempts, granted_at: at }) => [card, status, attempts, at])).toEqual(
      held.toSorted().map((card) => (card === held[2] ? [card, "pending", 2, null] : [card, "granted", 2, Date.parse(GRANTED_AT)])),
    );
    // The lake hears of it, too.
    const told = await env.LEDGER.prepare("SELECT body FROM lake_outbox WHERE campaign = ?").bind(campaign).first<string>("body");
    expect(told?.trimEnd().split("\n")).toHaveLength(2);
  });

  it("need not have what was granted after it was made", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    await seedRewards(3, { campaign });
    const { tools } = toolsThat(async (url) => {
      await env.LEDGER.prepare("UPDATE rewards SET status = 'granted' WHERE campaign = ?").bind(campaign).run();
      return answerFrom([])(url);
    });
    expect((await compareAll(listed, tools)).faults.size).toBe(0);
  });

  it("is asked for once, however much of others' the ledger holds in between", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    await seedRewards(20_100, { campaign: "another", status: "granted" });
    const cards = await cardsOf(3, { campaign, status: "granted" });
    const { tools, asked } = toolsThat(answerFrom(cards.slice(1)));
    expect([...(await compareAll(listed, tools)).faults.keys()]).toEqual(cards.slice(0, 1));
    expect(asked).toHaveLength(1);
    await env.LEDGER.prepare("DELETE FROM rewards WHERE campaign = 'another'").run();
  });

  it("may have what was granted after the ledger was read", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    const cards = await cardsOf(3, { campaign });
    const { tools } = toolsThat(async (url) => {
      await env.LEDGER.prepare("UPDATE rewards SET status = 'granted' WHERE campaign = ?").bind(campaign).run();
      return answerFrom(cards)(url);
    });
    const compared = await compareAll(listed, tools);
    expect(compared.faults.size).toBe(0);
    expect(ofProvider(compared, campaign)).toEqual([{ status: "compared", provider: campaign, grants: 3, waiting: 0, told: 0 }]);
  });
});

describe("a provider that cannot be asked", () => {
  it.each<[string, () => Response | Promise<Response>, string, { succeeded: number; failed: number }]>([
    ["fails", () => new Response(null, { status: 500 }), "answered 500", { succeeded: 0, failed: 1 }],
    ["is down", () => Promise.reject(new TypeError("refused")), "the connection failed", { succeeded: 0, failed: 1 }],
    ["is silent", () => Promise.reject(new DOMException("", "TimeoutError")), "no answer within 10 s", { succeeded: 0, failed: 1 }],
    ["knows no list", () => new Response(null, { status: 404 }), "answered 404", { succeeded: 1, failed: 0 }],
    ["talks of something else", () => new Response("<html>"), "answered 200 with no list of grants", { succeeded: 1, failed: 0 }],
    [
      "is in disorder",
      () => Response.json({ grants: ["b", "a"].map((id) => ({ id, grantedAt: GRANTED_AT })) }),
      "answered 200 with grants that are not in the order of their ids, each once, after the one asked for",
      { succeeded: 1, failed: 0 },
    ],
  ])("for it %s is said to be so, and its gate is told", async (_, answer, reason, told) => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    await seedRewards(3, { campaign, status: "granted" });
    const compared = await compareAll(listed, toolsThat(answer).tools);
    expect(compared.faults.size).toBe(0);
    expect(ofProvider(compared, campaign)).toEqual([{ status: "unasked", provider: campaign, reason }]);
    expect((await rewardGate(env, campaign).state()).recent).toMatchObject([told]);
  });

  it("is left alone for as long as it asks", async () => {
    const listed = await listedCampaign();
    const { tools } = toolsThat(() => new Response(null, { status: 429, headers: { "retry-after": "90" } }));
    await compareAll(listed, tools);
    expect((await rewardGate(env, listed.campaign).state()).untilMs).toBeGreaterThan(Date.now() + 80_000);
  });

  it("is not called behind a closed gate", async () => {
    const listed = await listedCampaign();
    const { campaign } = listed;
    await rewardGate(env, campaign).report({ provider: campaign, succeeded: 0, failed: 3, retryAfterMs: 60_000 });
    const { tools, asked } = toolsThat(answerFrom([]));
    const compared = await compareAll(listed, tools);
    expect(asked).toEqual([]);
    expect(ofProvider(compared, campaign)).toEqual([{ status: "unasked", provider: campaign, reason: "its gate lets no call through" }]);
  });
});

describe("who has no list", () => {
  it("is named, and why", async () => {
    const { campaign, env: own } = await publishPrizes();
    const { tools, asked } = toolsThat(answerFrom([]));
    const { reports, faults } = await compareAll({ campaign, env: own }, tools);
    expect(reports).toEqual([
      { status: "unlisted", provider: "LINE", reason: "LINE shows no list of what it has handed over" },
      { status: "unlisted", provider: "nobody", reason: "no reward provider of this name is configured" },
      { status: "unlisted", provider: campaign, reason: "no listUrl is configured for it" },
    ]);
    expect([faults.size, asked]).toEqual([0, []]);
  });

  it("is nobody in a campaign that nobody else hands prizes over for", async () => {
    expect(await compareProviders(env, "unknown", FIRST_PROVIDER)).toEqual({ next: null, differences: [] });
  });

  it("is passed over where the cursor names somebody whose turn there is none", async () => {
    const listed = await listedCampaign();
    const { tools, asked } = toolsThat(answerFrom([]));
    const between: ProvidersCursor = { phase: "providers", provider: "o", after: "zzz" };
    const step = await compareProviders(listed.env, listed.campaign, between, tools);
    expect(step).toMatchObject({ next: null, provider: { status: "compared", provider: listed.campaign } });
    expect(asked.map((url) => new URL(url).searchParams.get("after"))).toEqual([""]);
    expect(providersCursorSchema.safeParse({ ...between, after: "x".repeat(65) }).success).toBe(false);
  });
});

describe("the scheduled reconciliation", () => {
  afterEach(() => void vi.restoreAllMocks());

  /** A campaign that is the only one whose turn comes, with a provider whose book may be changed. */
  async function onlyCampaign(): Promise<Listed & { asked: string[]; answerWith: (next: (url: string) => Response) => void }> {
    const listed = await listedCampaign();
    await env.LEDGER.prepare("DELETE FROM campaigns WHERE campaign <> ?").bind(listed.campaign).run();
    await env.LEDGER.prepare("DELETE FROM reconcile_cursor").run();
    let answer = answerFrom([]);
    const asked: string[] = [];
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const url = input instanceof Request ? input.url : String(input);
      asked.push(url);
      return answer(url);
    });
    return { ...listed, asked, answerWith: (next) => (answer = next) };
  }

  const faultsOf = async (campaign: string) =>
    Object.fromEntries((await standingDifferences(env, campaign)).map(({ card, faults }) => [card, faults]));

  it("keeps what differs until a provider that could be asked says otherwise", async () => {
    const { campaign, env: own, answerWith } = await onlyCampaign();
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const nowMs = Date.now();
    const found = { strange: [`provider ${campaign} has granted it (${GRANTED_AT}), and the ledger has no such reward`] };
    answerWith(answerFrom(["strange"]));
    await reconcileInTurn(own, nowMs);
    expect(await faultsOf(campaign)).toEqual(found);
    expect(warned).not.toHaveBeenCalled();

    answerWith(() => new Response(null, { status: 500 }));
    await reconcileInTurn(own, nowMs + 60_000);
    expect(await faultsOf(campaign)).toEqual(found);
    expect(String(warned.mock.calls)).toContain("answered 500");

    answerWith(answerFrom([]));
    await reconcileInTurn(own, nowMs + 120_000);
    expect(await faultsOf(campaign)).toEqual({});
  });

  it("tells all that a round has found in one card", async () => {
    const { campaign, env: own } = await onlyCampaign();
    const [card = ""] = await cardsOf(1, { campaign, status: "granted" });
    await reconcileInTurn(own);
    expect(await faultsOf(campaign)).toEqual({
      [card]: ["a reward of a card that the ledger does not have", `granted in the ledger, and provider ${campaign} has no such grant`],
    });
  });

  it("asks for a few pages a minute, and goes on in the next", async () => {
    const { campaign, env: own, asked, answerWith } = await onlyCampaign();
    const cards = await cardsOf(6_500, { campaign, status: "granted" });
    answerWith(answerFrom(cards.slice(0, -1)));
    await reconcileInTurn(own);
    expect(asked).toHaveLength(5);
    await reconcileInTurn(own);
    expect(asked.map((url) => new URL(url).searchParams.get("after")).slice(0, 7)).toEqual([
      "",
      ...[1, 2, 3, 4, 5, 6].map((page) => cards[page * MAX_LISTED - 1]),
    ]);
  });
});

describe("differences that stand", () => {
  it("are those of the last round that looked; of a provider that was not asked, the ones before", async () => {
    const campaign = crypto.randomUUID();
    const longest = "coins".padEnd(40, "-of-gold");
    const [points, coins] = ["granted in the ledger, and provider points has no such grant", `provider ${longest} has granted it (now), …`];
    const record = (card: string, fault: string, startedAtMs: number) =>
      recordDifferences(env, campaign, [{ card, faults: [fault] }], startedAtMs, startedAtMs + 5);
    vi.spyOn(console, "error").mockImplementation(() => {});
    await record("a", points, 1_000);
    await record("b", coins, 1_000);
    await record("c", "state: …", 1_000);
    await record("c", points, 1_000);
    await record("c", points, 1_000);
    expect((await standingDifferences(env, campaign)).map(({ faults }) => faults)).toEqual([[points], [coins], [points, "state: …"]]);

    await record("c", "prize: …", 2_000);
    await keepUnasked(env, campaign, longest, 2_000);
    await forgetMended(env, campaign, 2_000).run();
    expect((await standingDifferences(env, campaign)).map(({ faults }) => faults)).toEqual([[coins], ["prize: …"]]);
    vi.restoreAllMocks();
  });
});
