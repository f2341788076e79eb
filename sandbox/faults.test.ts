import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decideFault } from "./faults.ts";
import { askReward, postJson, testSandbox } from "./sandbox.fixture.ts";

test("flaky fails at its rate, half of that after the work", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true }), (rate, drawn) => {
      const action = decideFault({ mode: "flaky", rate }, () => drawn);
      expect(action.do).toBe(drawn >= rate ? "pass" : drawn < 0.5 ? "failAfterwards" : "fail");
    }),
  );
});

test("nothing is at fault until it is asked for, and ok ends it", async () => {
  const sandbox = await testSandbox();
  const url = `${sandbox.origin}/sandbox/faults`;
  expect(await (await fetch(url)).json()).toEqual({
    rewards: { mode: "ok" },
    line: { mode: "ok" },
    access: { mode: "ok" },
    partner: { mode: "ok" },
  });
  await postJson(url, { target: "line", mode: "error" });
  expect((await fetch(`${sandbox.origin}/oauth2/v2.1/certs`)).status).toBe(500);
  expect((await fetch(`${sandbox.origin}/cdn-cgi/access/certs`)).status).toBe(200);
  await postJson(url, { target: "line", mode: "ok" });
  expect((await fetch(`${sandbox.origin}/oauth2/v2.1/certs`)).status).toBe(200);
});

test("down cuts the connection", async () => {
  const sandbox = await testSandbox();
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "access", mode: "down" });
  await expect(fetch(`${sandbox.origin}/cdn-cgi/access/certs`)).rejects.toThrow("fetch failed");
});

test("slow answers late, timeout not at all", async () => {
  const sandbox = await testSandbox();
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "line", mode: "slow", ms: 80 });
  const startedAt = performance.now();
  expect((await fetch(`${sandbox.origin}/oauth2/v2.1/certs`)).status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThan(70);
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "line", mode: "timeout" });
  const signal = AbortSignal.timeout(80);
  await expect(fetch(`${sandbox.origin}/oauth2/v2.1/certs`, { signal })).rejects.toThrow("timeout");
});

test("refuse says that the request is at fault", async () => {
  const sandbox = await testSandbox();
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "rewards", mode: "refuse" });
  expect((await askReward(sandbox, "card-1")).status).toBe(422);
});

test("limited says when to come again", async () => {
  const sandbox = await testSandbox();
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "rewards", mode: "limited", retryAfterSeconds: 7 });
  const reply = await askReward(sandbox, "card-1");
  expect([reply.status, reply.headers.get("retry-after")]).toEqual([429, "7"]);
});

test("a sandbox with a hanging call closes at once", async () => {
  const sandbox = await testSandbox();
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "line", mode: "timeout" });
  const hanging = fetch(`${sandbox.origin}/oauth2/v2.1/certs`).then(
    () => "answered",
    () => "cut",
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  await sandbox.close();
  expect(await hanging).toBe("cut");
});

test("a flaky error after the work has granted the reward: the retry gets its receipt", async () => {
  const sandbox = await testSandbox({ random: () => 0 });
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "rewards", mode: "flaky", rate: 1 });
  const failed = await askReward(sandbox, "card-1");
  expect(failed.status).toBe(500);
  expect(await failed.json()).toMatchObject({ code: "fault_injected" });
  await postJson(`${sandbox.origin}/sandbox/faults`, { target: "rewards", mode: "ok" });
  const list = (await (await fetch(`${sandbox.origin}/sandbox/rewards?cardId=card-1`)).json()) as { rewards: { receipt: string }[] };
  expect(list).toMatchObject({ rewards: [{ asked: 1, granted: true }] });
  expect(await (await askReward(sandbox, "card-1")).json()).toEqual({ granted: true, receipt: list.rewards[0]?.receipt });
});

test.each([
  ["an unknown target", { target: "moon", mode: "ok" }],
  ["an unknown mode", { target: "line", mode: "melted" }],
  ["a delay for an outage", { target: "line", mode: "down", ms: 5 }],
  ["a rate above one", { target: "line", mode: "flaky", rate: 2 }],
  ["a wait without bound", { target: "line", mode: "timeout", ms: 600_000 }],
  ["an unknown field", { target: "line", mode: "ok", until: "noon" }],
])("%s is refused", async (_, body) => {
  const sandbox = await testSandbox();
  const reply = await postJson(`${sandbox.origin}/sandbox/faults`, body);
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ code: "invalid_request" });
});
