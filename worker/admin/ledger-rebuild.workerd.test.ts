import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { accessToken, answerOf, call, openedCampaign, problemOf, standInPlatforms } from "../edge.fixture.ts";
import { chainBlocks, deliver } from "../ledger/blocks.fixture.ts";
import { ledgerHash } from "../ledger/content-hash.ts";

const tokens = new Map<string, string>();
beforeAll(async () => {
  const platforms = await standInPlatforms();
  for (const role of ["operator", "viewer"]) tokens.set(role, await accessToken(platforms, `${role}@example.com`, role));
});

interface Told {
  readonly done: boolean;
  readonly startedAt: number;
}

function order(campaign: string, body: object, role = "operator"): Promise<Response> {
  const headers = { "cf-access-jwt-assertion": tokens.get(role) ?? "" };
  return call(`/admin/v1/campaigns/${campaign}/ledger/rebuild`, { method: "POST", headers, body });
}

async function settledCampaign(): Promise<string> {
  const campaign = await openedCampaign({ points: 5 });
  const issued = (card: string): CardEvent => ({ type: "issued", at: Date.now(), card, version: 1, prize: "points", request: card });
  await deliver(chainBlocks(campaign, [[issued(`${campaign}-a`)], [issued(`${campaign}-b`)]]));
  return campaign;
}

async function audited(campaign: string) {
  const { results } = await env.LEDGER.prepare(
    "SELECT actor, action, after FROM audit WHERE subject = ? AND action LIKE 'ledger.%' ORDER BY entry",
  )
    .bind(campaign)
    .all<{ actor: string; action: string; after: string }>();
  return results.map(({ after, ...entry }) => ({ ...entry, after: JSON.parse(after) as unknown }));
}

it("a rebuild is begun by an operator, gone on with, told when it is done as often as asked, and audited at both ends", async () => {
  const campaign = await settledCampaign();
  const hash = await ledgerHash(env, campaign);
  expect(await problemOf(await order(campaign, { from: "lake" }, "viewer"))).toBe("forbidden");
  expect(await problemOf(await order("no-such-campaign", { from: "lake" }))).toBe("campaign_not_found");
  expect(await problemOf(await order(campaign, { from: "memory" }))).toBe("invalid_request");

  const begun = await answerOf<Told>(await order(campaign, { from: "lake" }));
  expect(begun).toEqual({ from: "lake", startedAt: begun.startedAt, done: false, phase: "hash", cards: 0, blocks: 0 });
  // An answer that was lost is asked for again; another rebuild waits for this one to end.
  expect(await answerOf(await order(campaign, { from: "lake" }))).toEqual(begun);
  const refused = await order(campaign, { from: "issuers" });
  const since = new Date(begun.startedAt).toISOString();
  expect(await refused.json()).toMatchObject({
    code: "ledger_rebuilding",
    detail: `The campaign's ledger is being rebuilt from the lake since ${since}; the app goes on with it by itself`,
    rebuild: { from: "lake", startedAt: since },
  });
  expect(await problemOf(await order(campaign, { from: "lake", startedAt: begun.startedAt - 1 }))).toBe("ledger_rebuilding");

  const goOn = { from: "lake", startedAt: begun.startedAt };
  const done = await answerOf(await order(campaign, goOn));
  const rewards = { granted: 0, pending: 0, failed: 0 };
  expect(done).toEqual({
    ...goOn,
    done: true,
    endedAt: expect.any(String),
    cards: 2,
    blocks: 2,
    damaged: 0,
    missing: 0,
    held: 0,
    faults: [],
    hashBefore: hash,
    hashAfter: hash,
    rewards,
  });
  expect(await answerOf(await order(campaign, goOn))).toEqual(done);
  expect(await problemOf(await order(campaign, { ...goOn, startedAt: begun.startedAt + 1 }))).toBe("invalid_request");
  expect(await audited(campaign)).toEqual([
    { actor: "operator@example.com", action: "ledger.rebuild", after: { from: "lake" } },
    { actor: "operator@example.com", action: "ledger.rebuilt", after: { hash, from: "lake", damaged: 0, missing: 0, held: 0 } },
  ]);
});

it("what was damaged in the lake is told at the end, though one call did it all", async () => {
  const campaign = await settledCampaign();
  const [object] = (await env.LAKE.list({ prefix: `lake/${campaign}/` })).objects;
  await env.LAKE.put(object?.key ?? "", "{}\n");
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { startedAt } = await answerOf<Told>(await order(campaign, { from: "lake" }));
  expect(await answerOf(await order(campaign, { from: "lake", startedAt }))).toMatchObject({
    done: true,
    cards: 1,
    blocks: 1,
    damaged: 1,
    faults: [`${object?.key} is not as it was written`, expect.any(String)],
  });
});

it("a rebuild whose issuer does not answer says so, is not given up, and goes on from the lake where an operator wants it to, which is audited", async () => {
  const campaign = await settledCampaign();
  const hash = await ledgerHash(env, campaign);
  const real = env.CARD_ISSUER.getByName.bind(env.CARD_ISSUER);
  const away = { heldCards: () => Promise.reject(new Error("the object is not reached")) } as unknown as ReturnType<typeof real>;
  env.CARD_ISSUER.getByName = (name) => (name.startsWith(`${campaign}/`) ? away : real(name));
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const { startedAt } = await answerOf<Told>(await order(campaign, { from: "issuers" }));
    const waiting = { done: false, from: "issuers", phase: "issuers", waitsFor: "the issuer of shard 0 does not answer" };
    expect(await answerOf(await order(campaign, { from: "issuers", startedAt }))).toMatchObject(waiting);
    expect(await problemOf(await order(campaign, { from: "lake" }))).toBe("ledger_rebuilding");
    // Not without the right to.
    expect(await problemOf(await order(campaign, { from: "lake", instead: true }, "viewer"))).toBe("forbidden");
    const redirected = await answerOf<Told>(await order(campaign, { from: "lake", instead: true }));
    expect(redirected).toMatchObject({ from: "lake", startedAt, done: false, phase: "archive" });
    // Who goes on with the old one is told.
    expect(await problemOf(await order(campaign, { from: "issuers", startedAt }))).toBe("ledger_rebuilding");
    // The blocks of this test were never its issuer's.
    expect(await answerOf(await order(campaign, { from: "lake", startedAt }))).toMatchObject({
      done: true,
      hashBefore: hash,
      hashAfter: hash,
    });
  } finally {
    env.CARD_ISSUER.getByName = real;
  }
  expect((await audited(campaign)).map(({ action, after }) => [action, (after as { from: string }).from])).toEqual([
    ["ledger.rebuild", "issuers"],
    ["ledger.rebuild", "lake"],
    ["ledger.rebuilt", "lake"],
  ]);
});

it("what needs the whole ledger waits until it is whole", async () => {
  const campaign = await settledCampaign();
  await answerOf(await order(campaign, { from: "lake" }));
  const headers = { "cf-access-jwt-assertion": tokens.get("operator") ?? "" };
  const reconcile = () => call(`/admin/v1/campaigns/${campaign}/reconcile`, { method: "POST", headers, body: {} });
  expect(await problemOf(await reconcile())).toBe("ledger_rebuilding");
  // What would take a part of the ledger for all of it, is not answered either.
  const exported = (what: string) => call(`/admin/v1/export/${what}.csv?campaign=${campaign}`, { headers });
  expect(await problemOf(await exported("cards"))).toBe("ledger_rebuilding");
  expect(await problemOf(await exported("rewards"))).toBe("ledger_rebuilding");
  const redriven = await call("/admin/v1/rewards/redrive", { method: "POST", headers, body: { campaign, dryRun: true } });
  expect(await problemOf(redriven)).toBe("ledger_rebuilding");
});

it("nothing is wiped where the issuers are to be read and the pool does not know them", async () => {
  const campaign = await settledCampaign();
  const stranded = `${campaign}-stranded`;
  const row =
    "INSERT INTO campaigns SELECT ?2, file, etag, version, status, shards, published_at, ledgers FROM campaigns WHERE campaign = ?1";
  await env.LEDGER.prepare(row).bind(campaign, stranded).run();
  expect(await problemOf(await order(stranded, { from: "issuers" }))).toBe("campaign_state");
  expect(await audited(stranded)).toEqual([]);
  expect(await answerOf(await order(stranded, { from: "lake" }))).toMatchObject({ done: false, phase: "hash" });
});
