import { expect, test } from "vitest";
import { postJson, testSandbox } from "./sandbox.fixture.ts";

test("a taken port is an error of the system's own kind", async () => {
  const { origin } = await testSandbox();
  await expect(testSandbox({ port: Number(new URL(origin).port) })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("an unknown address is a problem document that says where to look", async () => {
  const { origin } = await testSandbox();
  const reply = await fetch(`${origin}/nowhere`);
  expect(reply.status).toBe(404);
  expect(reply.headers.get("content-type")).toContain("application/problem+json");
  expect(await reply.json()).toMatchObject({ code: "not_found" });
});

test("a body beyond any that is sent here is refused", async () => {
  const { origin } = await testSandbox();
  const reply = await postJson(`${origin}/sandbox/faults`, { target: "x".repeat(300_000) });
  expect(reply.status).toBe(413);
  expect(await reply.json()).toMatchObject({ code: "body_too_large" });
});

test("what is not JSON is said to be not JSON", async () => {
  const { origin } = await testSandbox();
  const reply = await fetch(`${origin}/sandbox/id-token`, { method: "POST", body: "{" });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ code: "invalid_request", detail: "the body is not JSON" });
});
