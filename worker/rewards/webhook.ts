import { z } from "zod";
import type { Settings } from "../settings.ts";
import { PASSING_CLIENT_ERRORS, wishedPause } from "./not-now.ts";
import { parseJson } from "./parse-json.ts";
import type { GateAddress, GrantDeps, GrantOutcome, ParamedReward, RemoteProvider, Retry } from "./provider.ts";
import { readAnswer } from "./read-answer.ts";
import { signedHeaders } from "./signed-headers.ts";
import { CALL_TIMEOUT_MS, unanswered } from "./unanswered.ts";

/** Answers are kept as receipts, 200 of them in one SQL value of at most 2 MB; an answer this long is none of ours. */
const MAX_ANSWER_BYTES = 4_096;

const answerSchema = z.looseObject({ granted: z.literal(true) });

/**
 * A reward system behind a webhook: `POST`, signed as by Standard Webhooks, `webhook-id` = the card's id, body
 * `{ type: "reward.grant", timestamp, data: { cardId, campaign, prize, params, lineUserId, recipient? } }`. It grants once per `webhook-id` and
 * answers `2xx` with a JSON object that holds `"granted": true`, again the same to a repeat; the object is kept as the receipt.
 * Any other `4xx` than 408, 425 and 429 is its refusal; everything else is asked again.
 */
export const webhook: RemoteProvider = { reach: "remote", gate, grant };

function gate({ params }: ParamedReward, settings: Settings): GateAddress | Retry {
  const provider = webhookProvider(settings, params["provider"]);
  if (provider === null) return { outcome: "retry", reason: "no reward provider of the name in the prize's params is configured" };
  return webhookGate(provider.name, provider.permitsPerSecond);
}

export function webhookGate(provider: string, permitsPerSecond: number): GateAddress {
  return { provider, limits: { permitsPerSecond } };
}

async function grant(reward: ParamedReward, { settings, fetch, nowMs }: GrantDeps): Promise<GrantOutcome> {
  const provider = webhookProvider(settings, reward.params["provider"]);
  if (provider === null) return { outcome: "retry", reason: "the reward provider is not configured" };
  const request = signedRequest(reward, settings, new Date(nowMs()));
  try {
    const response = await fetch(provider.url, { ...request, redirect: "manual", signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    return await judgeAnswer(response, nowMs());
  } catch (error) {
    return unanswered(error);
  }
}

type WebhookProvider = Settings["REWARD_PROVIDERS"][string] & { readonly name: string };

/** The reward system of this name, as the settings have it; null where they have none. */
export function webhookProvider({ REWARD_PROVIDERS }: Settings, name: unknown): WebhookProvider | null {
  if (typeof name !== "string" || !Object.hasOwn(REWARD_PROVIDERS, name)) return null;
  const provider = REWARD_PROVIDERS[name];
  return provider === undefined ? null : { name, ...provider };
}

function signedRequest(reward: ParamedReward, settings: Settings, now: Date): RequestInit {
  const body = JSON.stringify({
    type: "reward.grant",
    timestamp: now.toISOString(),
    data: {
      cardId: reward.card,
      campaign: reward.campaign,
      prize: reward.prize,
      params: reward.params,
      lineUserId: reward.lineUser,
      ...(reward.recipient === null ? {} : { recipient: reward.recipient }),
    },
  });
  return { method: "POST", body, headers: { "content-type": "application/json", ...signedHeaders(reward.card, body, settings, now) } };
}

async function judgeAnswer(response: Response, nowMs: number): Promise<GrantOutcome> {
  if (response.ok) return judgeGrant(response);
  await response.body?.cancel();
  const reason = `answered ${response.status}`;
  if (response.status >= 400 && response.status < 500 && !PASSING_CLIENT_ERRORS.has(response.status)) return { outcome: "refused", reason };
  return { outcome: "retry", reason, ...wishedPause(response, nowMs) };
}

async function judgeGrant(response: Response): Promise<GrantOutcome> {
  const text = await readAnswer(response, MAX_ANSWER_BYTES);
  if (text === null) return { outcome: "retry", reason: `answered ${response.status} with more than ${MAX_ANSWER_BYTES} bytes` };
  const receipt = answerSchema.safeParse(parseJson(text));
  if (!receipt.success) return { outcome: "retry", reason: `answered ${response.status} without a JSON object that says "granted": true` };
  return { outcome: "granted", receipt: receipt.data };
}
