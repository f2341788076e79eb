import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";
import { startSandbox } from "./server.ts";
import type { Sandbox, SandboxOptions } from "./server.ts";

const WEBHOOK_SECRET = "whsec_dGVzdCB3ZWJob29rIHNlY3JldCwgMzIgYnl0ZXMu";
export const CHANNEL_ACCESS_TOKEN = "test channel access token";
export const USER = `U${"0a".repeat(16)}`;

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kuji-sandbox-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A sandbox on a free port that is closed when the test is over. */
export async function testSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    port: 0,
    keysDir: options.keysDir ?? (await temporaryFolder()),
    webhookSecret: WEBHOOK_SECRET,
    channelAccessToken: CHANNEL_ACCESS_TOKEN,
    ...options,
  });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
}

export function rewardBody(cardId: string, data: Record<string, unknown> = {}) {
  return {
    type: "reward.grant",
    timestamp: new Date().toISOString(),
    data: { cardId, campaign: "demo", prize: "points-10", params: { provider: "points", points: 10 }, lineUserId: USER, ...data },
  };
}

/** Asks for a reward as Kuji does: signed by Standard Webhooks, the card's id as webhook-id. */
export async function askReward(
  sandbox: Sandbox,
  cardId: string,
  { secret = WEBHOOK_SECRET, body = rewardBody(cardId), webhookId = cardId, provider = "points" } = {},
): Promise<Response> {
  const text = JSON.stringify(body);
  const at = new Date();
  return await fetch(`${sandbox.origin}/rewards/${provider}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": webhookId,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(webhookId, at, text),
    },
    body: text,
  });
}

/** Asks a reward system for its list as Kuji does: signed by Standard Webhooks over no body. */
export async function askGrants(
  sandbox: Sandbox,
  query: Readonly<Record<string, string>>,
  { secret = WEBHOOK_SECRET, provider = "points" } = {},
): Promise<Response> {
  const at = new Date();
  return await fetch(`${sandbox.origin}/rewards/${provider}/grants?${new URLSearchParams(query).toString()}`, {
    headers: {
      "webhook-id": "list-1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign("list-1", at, ""),
    },
  });
}
