import { z } from "zod";
import type { Settings } from "../settings.ts";
import { wishedPause } from "./not-now.ts";
import { parseJson } from "./parse-json.ts";
import type { GateAddress, GrantDeps, GrantOutcome } from "./provider.ts";
import { readAnswer } from "./read-answer.ts";
import { CALL_TIMEOUT_MS, unanswered } from "./unanswered.ts";

/** LINE's answers are a few hundred bytes; one this long is not LINE's. */
const MAX_ANSWER_BYTES = 4_096;
const MAX_REASON_LENGTH = 300;
const MAX_NAMED_DETAILS = 3;
const MAX_REQUEST_ID_LENGTH = 100;
/**
 * Client errors that are no verdict on the reward: the request came too late or too often, or the channel's token or permission is not in order, which
 * concerns every winner alike. Those wait until that is mended, rather than fail one and all.
 */
const PASSING_CLIENT_ERRORS: ReadonlySet<number> = new Set([401, 403, 408, 425, 429]);

/** https://developers.line.biz/en/reference/messaging-api/#error-responses */
const errorSchema = z.looseObject({
  message: z.string(),
  details: z.array(z.looseObject({ message: z.string().optional(), property: z.string().optional() })).optional(),
});

/** LINE counts the calls of a channel per endpoint: each has its own gate. The colon keeps them apart from the providers that the settings name. */
export type LineEndpoint = "push" | "mission";

const PATHS: Readonly<Record<LineEndpoint, string>> = { push: "/v2/bot/message/push", mission: "/shop/v3/mission" };

export const LINE_ENDPOINTS = Object.keys(PATHS) as readonly LineEndpoint[];

export function lineGate(endpoint: LineEndpoint, { LINE_PERMITS_PER_SECOND }: Settings): GateAddress {
  return { provider: `line:${endpoint}`, limits: { permitsPerSecond: LINE_PERMITS_PER_SECOND } };
}

export interface LineCall {
  readonly endpoint: LineEndpoint;
  readonly body: Readonly<Record<string, unknown>>;
  /** The UUID under which LINE accepts the call once, for the endpoints that know one; it remembers it for a day. */
  readonly retryKey?: string;
  /** What LINE answers to a call that it accepts. */
  readonly answer: z.ZodType<Readonly<Record<string, unknown>>>;
}

/** Makes one call to LINE's platform, as the campaign's channel, and judges what came of it. */
export async function callLine(call: LineCall, { settings, fetch, nowMs }: GrantDeps): Promise<GrantOutcome> {
  const { LINE_API_URL, LINE_CHANNEL_ACCESS_TOKEN } = settings;
  const url = LINE_API_URL.replace(/\/$/, "") + PATHS[call.endpoint];
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${LINE_CHANNEL_ACCESS_TOKEN}`,
        ...(call.retryKey === undefined ? {} : { "x-line-retry-key": call.retryKey }),
      },
      body: JSON.stringify(call.body),
    });
    return await judgeAnswer(call, response, nowMs());
  } catch (error) {
    return unanswered(error);
  }
}

async function judgeAnswer(call: LineCall, response: Response, nowMs: number): Promise<GrantOutcome> {
  const { status } = response;
  // "The request has already been accepted": https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
  const acceptedBefore = status === 409 && call.retryKey !== undefined;
  if (response.ok || acceptedBefore) return judgeAccepted(call, response);
  const reason = `LINE answered ${status}${await messageOf(response)}`;
  if (status >= 400 && status < 500 && !PASSING_CLIENT_ERRORS.has(status)) return { outcome: "refused", reason };
  return { outcome: "retry", reason, ...wishedPause(response, nowMs) };
}

/** The receipt names the request by which LINE's support finds it. An answer that is not LINE's leaves unknown what happened. */
async function judgeAccepted({ answer }: LineCall, response: Response): Promise<GrantOutcome> {
  const text = await readAnswer(response, MAX_ANSWER_BYTES);
  const said = text === null ? null : answer.safeParse(text === "" ? {} : parseJson(text));
  if (said?.success !== true) return { outcome: "retry", reason: `LINE answered ${response.status} in no form that is known` };
  const requestId = response.headers.get("x-line-accepted-request-id") ?? response.headers.get("x-line-request-id");
  return {
    outcome: "granted",
    receipt: { ...said.data, ...(requestId === null ? {} : { requestId: requestId.slice(0, MAX_REQUEST_ID_LENGTH) }) },
  };
}

/** What LINE says is wrong, to be shown to operators: `: message (property: message)`. */
async function messageOf(response: Response): Promise<string> {
  let text: string | null;
  try {
    text = await readAnswer(response, MAX_ANSWER_BYTES);
  } catch {
    return "";
  }
  const said = errorSchema.safeParse(parseJson(text ?? ""));
  if (!said.success) return "";
  const details = (said.data.details ?? [])
    .slice(0, MAX_NAMED_DETAILS)
    .map(({ property, message }) => [property, message].filter((part) => part !== undefined).join(": "));
  return `: ${withoutIds(said.data.message)}${details.length === 0 ? "" : ` (${withoutIds(details.join("; "))})`}`.slice(
    0,
    MAX_REASON_LENGTH,
  );
}

/** Nothing in it that could be an id or a token: those are long, and have a digit or both cases in a word. */
function withoutIds(text: string): string {
  return text
    .replaceAll(/[\p{Cc}]+/gu, " ")
    .replaceAll(/[A-Za-z0-9+/=_.-]{16,}/g, (word) => (/\d|[a-z][A-Z]|[A-Z]{2,}[a-z]/.test(word) ? "…" : word));
}
