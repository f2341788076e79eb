import { env } from "cloudflare:workers";
import type { AgentTools } from "./agent.ts";
import type { RewardMessage, RewardRef } from "./message.ts";

/** For tests in the real runtime: a ledger with rewards in it, and a provider of one's own. */

let campaigns = 0;
let cards = 0;

/** A campaign of its own, with a provider and gate of its own name, published to the ledger only. */
export async function publishPrizes(permitsPerSecond = 1_000): Promise<{ campaign: string; env: Env; sent: Sent[] }> {
  campaigns += 1;
  const campaign = `rewards-${campaigns}-${crypto.randomUUID().slice(0, 8)}`;
  const prizes = [
    { id: "points", kind: "webhook", params: { provider: campaign, points: 10 } },
    { id: "coins", kind: "webhook", params: { provider: "nobody" } },
    { id: "sticker", kind: "line-sticker", params: { productId: "1" } },
    { id: "half-off", kind: "line-coupon", params: { couponId: "01JYNW8JMQ" } },
    { id: "greeting", kind: "line-message", params: { messages: [{ type: "text", text: "You won" }] } },
    { id: "nameless", kind: "line-sticker", params: {} },
    { id: "code", kind: "code" },
  ];
  await env.LEDGER.prepare(
    "INSERT INTO campaigns (campaign, file, etag, version, status, shards, published_at) VALUES (?, ?, '', 1, 'open', 1, 0)",
  )
    .bind(campaign, JSON.stringify({ id: campaign, prizes }))
    .run();
  const sent: Sent[] = [];
  const REWARD_PROVIDERS = JSON.stringify({ [campaign]: { url: "https://rewards.example/grant", permitsPerSecond } });
  return { campaign, env: { ...env, REWARDS: outbox(sent), REWARD_PROVIDERS }, sent };
}

/** What was sent to the queue. */
export interface Sent {
  readonly rewards: readonly RewardRef[];
  readonly delaySeconds: number;
}

/** A queue `rewards` that keeps what is sent. */
export function outbox(sent: Sent[]): Queue {
  const sendBatch: Queue<RewardMessage>["sendBatch"] = async (messages, options) => {
    for (const { body } of messages) sent.push({ rewards: body.rewards, delaySeconds: options?.delaySeconds ?? 0 });
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  };
  return { ...env.REWARDS, sendBatch };
}

export interface SeededReward {
  readonly campaign: string;
  readonly prize?: string;
  readonly kind?: string;
  readonly status?: string;
  readonly attempts?: number;
  readonly createdAt?: number;
  readonly nextAttemptAt?: number | null;
}

/** Rewards in the ledger as settlement leaves them. */
export async function seedRewards(count: number, seeded: SeededReward): Promise<RewardRef[]> {
  const { campaign, prize = "points", kind = "webhook", status = "pending", attempts = 0, createdAt = 0, nextAttemptAt = null } = seeded;
  const refs = Array.from({ length: count }, () => {
    cards += 1;
    return { card: `${campaign}-card-${String(cards).padStart(6, "0")}`, campaign };
  });
  await env.LEDGER.prepare(
    `INSERT INTO rewards (card, campaign, prize, kind, line_user, recipient, status, attempts, created_at, next_attempt_at)
     SELECT value, ?2, ?3, ?4, 'Ualice', NULL, ?5, ?6, ?7, ?8 FROM json_each(?1)`,
  )
    .bind(JSON.stringify(refs.map(({ card }) => card)), campaign, prize, kind, status, attempts, createdAt, nextAttemptAt)
    .run();
  if (status === "pending" && nextAttemptAt === null) {
    const fresh = refs.map(({ card }) => [campaign, card]);
    await env.LEDGER.prepare("INSERT INTO fresh_rewards (at, cards) VALUES (?, ?)").bind(createdAt, JSON.stringify(fresh)).run();
  }
  return refs;
}

export interface LedgerReward {
  readonly card: string;
  readonly status: string;
  readonly attempts: number;
  readonly next_attempt_at: number | null;
  readonly granted_at: number | null;
  readonly failed_at: number | null;
  readonly last_error: string | null;
  readonly receipt: string | null;
}

export async function ledgerRewards(campaign: string): Promise<LedgerReward[]> {
  const { results } = await env.LEDGER.prepare(
    "SELECT card, status, attempts, next_attempt_at, granted_at, failed_at, last_error, receipt FROM rewards WHERE campaign = ? ORDER BY card",
  )
    .bind(campaign)
    .all<LedgerReward>();
  return results;
}

/** The agent's tools with a provider that answers as told; `asked` counts calls per `webhook-id`, or retry key, or address. */
export function providerThat(answer: (init: RequestInit, url: string) => Response | Promise<Response>): {
  tools: AgentTools;
  asked: Map<string, number>;
} {
  const asked = new Map<string, number>();
  const tools: AgentTools = {
    fetch: async (url, init) => {
      const headers = new Headers(init.headers);
      const id = headers.get("webhook-id") ?? headers.get("x-line-retry-key") ?? url;
      asked.set(id, (asked.get(id) ?? 0) + 1);
      return answer(init, url);
    },
    nowMs: () => Date.now(),
    random: () => 0,
    wait: (ms) => scheduler.wait(ms),
  };
  return { tools, asked };
}
