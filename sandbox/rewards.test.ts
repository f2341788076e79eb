import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { askGrants, askReward, postJson, rewardBody, temporaryFolder, testSandbox, USER } from "./sandbox.fixture.ts";

async function get(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}

test("a signed reward is granted, and listed with what was asked", async () => {
  const sandbox = await testSandbox();
  const reply = await askReward(sandbox, "card-1");
  expect(reply.status).toBe(200);
  const { granted, receipt } = (await reply.json()) as { granted: boolean; receipt: string };
  expect(granted).toBe(true);
  expect(await get(`${sandbox.origin}/sandbox/rewards?cardId=card-1`)).toMatchObject({
    rewards: [{ cardId: "card-1", provider: "points", prize: "points-10", lineUserId: USER, asked: 1, granted: true, receipt }],
  });
});

test("a repeat gets the same answer and grants nothing more", async () => {
  const sandbox = await testSandbox();
  const replies = await Promise.all(Array.from({ length: 20 }, async () => await (await askReward(sandbox, "card-1")).text()));
  expect(new Set(replies).size).toBe(1);
  expect(await get(`${sandbox.origin}/sandbox/rewards`)).toMatchObject({ totals: { asked: 20, grantedCards: 1, grantedTwice: 0 } });
});

test("the same webhook-id for another person is a conflict", async () => {
  const sandbox = await testSandbox();
  await askReward(sandbox, "card-1");
  const reply = await askReward(sandbox, "card-1", { body: rewardBody("card-1", { lineUserId: `U${"0b".repeat(16)}` }) });
  expect(reply.status).toBe(409);
  expect(await reply.json()).toMatchObject({ code: "idempotency_conflict" });
});

test("a card granted under two webhook-ids is counted as granted twice", async () => {
  const sandbox = await testSandbox();
  await askReward(sandbox, "card-1");
  await askReward(sandbox, "card-1", { webhookId: "another" });
  expect(await get(`${sandbox.origin}/sandbox/rewards`)).toMatchObject({ totals: { grantedCards: 1, grantedTwice: 1 } });
});

test("a wrong signature is refused and grants nothing", async () => {
  const sandbox = await testSandbox();
  const reply = await askReward(sandbox, "card-1", { secret: "whsec_YW5vdGhlciBzZWNyZXQsIGFsc28gMzIgYnl0ZXMuLi4=" });
  expect(reply.status).toBe(401);
  expect(await reply.json()).toMatchObject({ code: "signature_invalid" });
  expect(await get(`${sandbox.origin}/sandbox/rewards`)).toMatchObject({ totals: { grantedCards: 0 } });
});

test("an unsigned call is refused", async () => {
  const sandbox = await testSandbox();
  expect((await postJson(`${sandbox.origin}/rewards/points`, rewardBody("card-1"))).status).toBe(401);
});

test.each([
  ["an unknown member outside data", { ...rewardBody("card-1"), extra: 1 }],
  ["another type", { ...rewardBody("card-1"), type: "reward.take" }],
  ["no card", rewardBody("card-1", { cardId: undefined })],
  ["a time that is none", { ...rewardBody("card-1"), timestamp: "yesterday" }],
])("%s is refused with its place", async (_, body) => {
  const sandbox = await testSandbox();
  const reply = await askReward(sandbox, "card-1", { body });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ code: "invalid_request", errors: [expect.anything()] });
});

test("further members of data are tolerated", async () => {
  const sandbox = await testSandbox();
  expect((await askReward(sandbox, "card-1", { body: rewardBody("card-1", { kind: "webhook" }) })).status).toBe(200);
});

test("grants are listed by campaign, page by page", async () => {
  const sandbox = await testSandbox();
  for (const card of ["a-1", "a-2", "a-3"]) await askReward(sandbox, card, { body: rewardBody(card, { campaign: "spring" }) });
  await askReward(sandbox, "b-1", { body: rewardBody("b-1", { campaign: "autumn" }) });
  const first = await get(`${sandbox.origin}/sandbox/rewards?campaign=spring&limit=2`);
  expect(first).toMatchObject({ rewards: [{ cardId: "a-1" }, { cardId: "a-2" }], next: 2, totals: { grantedCards: 3 } });
  expect(await get(`${sandbox.origin}/sandbox/rewards?campaign=spring&limit=2&offset=2`)).toMatchObject({
    rewards: [{ cardId: "a-3" }],
    next: null,
  });
});

test("a provider's own list has its grants of a campaign in the order of their ids, page by page", async () => {
  const sandbox = await testSandbox({ now: () => Date.parse("2027-03-01T00:00:00Z") });
  const spring = (card: string) => ({ body: rewardBody(card, { campaign: "spring" }) });
  for (const card of ["c", "A", "b"]) expect((await askReward(sandbox, card, spring(card))).status).toBe(200);
  await askReward(sandbox, "d", { body: rewardBody("d", { campaign: "autumn" }) });
  await askReward(sandbox, "e", { ...spring("e"), provider: "coins" });
  const listed = async (query: Record<string, string>) => await (await askGrants(sandbox, { campaign: "spring", ...query })).json();
  const grantedAt = "2027-03-01T00:00:00.000Z";
  expect(await listed({ limit: "2" })).toEqual({ grants: ["A", "b"].map((id) => ({ id, grantedAt })) });
  expect(await listed({ after: "b", limit: "2" })).toEqual({ grants: [{ id: "c", grantedAt }] });
  await askReward(sandbox, "B", spring("B"));
  expect(await listed({ after: "A" })).toEqual({ grants: ["B", "b", "c"].map((id) => ({ id, grantedAt })) });
  expect(await listed({ after: "c" })).toEqual({ grants: [] });
});

test("a provider's own list wants a signature and a campaign, and fails as its grants do", async () => {
  const sandbox = await testSandbox();
  expect((await fetch(`${sandbox.origin}/rewards/points/grants?campaign=demo`)).status).toBe(401);
  expect((await askGrants(sandbox, { campaign: "demo" }, { secret: "whsec_YW5vdGhlciBzZWNyZXQsIGFsc28gMzIgYnl0ZXMuLi4=" })).status).toBe(
    401,
  );
  expect((await askGrants(sandbox, {})).status).toBe(400);
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "rewards", mode: "error" });
  expect((await askGrants(sandbox, { campaign: "demo" })).status).toBe(500);
  expect(await get(`${sandbox.origin}/sandbox/rewards/rate?provider=points`)).toMatchObject({ providers: { points: { calls: 4 } } });
});

test("with a state file, a grant outlives the sandbox, and a line torn by a kill is dropped", async () => {
  const stateFile = join(await temporaryFolder(), "state", "grants.ndjson");
  const before = await testSandbox({ stateFile });
  const receipt = await (await askReward(before, "card-1")).text();
  await before.close();
  await appendFile(stateFile, '{"provider":"points","webho');

  const after = await testSandbox({ stateFile });
  expect(await (await askReward(after, "card-1")).text()).toBe(receipt);
  expect((await askReward(after, "card-2")).status).toBe(200);
  await after.close();

  const again = await testSandbox({ stateFile });
  expect(await get(`${again.origin}/sandbox/rewards`)).toMatchObject({ totals: { grantedCards: 2, grantedTwice: 0 } });
});

test("calls are counted per provider, those during an outage apart", async () => {
  const sandbox = await testSandbox();
  await askReward(sandbox, "card-1");
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "rewards", mode: "down" });
  await expect(askReward(sandbox, "card-2")).rejects.toThrow("fetch failed");
  expect(await get(`${sandbox.origin}/sandbox/rewards/rate?provider=points`)).toMatchObject({
    providers: { points: { calls: 2, whileFaulty: 1 } },
  });
  expect(await get(`${sandbox.origin}/sandbox/rewards/rate?since=${new Date(Date.now() + 5_000).toISOString()}`)).toMatchObject({
    providers: { points: { calls: 0 } },
  });
});
