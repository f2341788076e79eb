import type { Answer } from "../answer-reader.ts";
import type { Step, ValueName } from "./script.ts";

/** What an answer comes to for the visit that asked. */
export type Outcome =
  | { readonly status: "good"; readonly values: Partial<Record<ValueName, string>>; readonly cards: readonly string[] }
  /** Refused for load, and to be asked again: all of it (503), or some draws of a call. */
  | { readonly status: "shed"; readonly whole: boolean; readonly retryAfterMs: number; readonly cards: readonly string[] }
  | { readonly status: "failed"; readonly code: string };

/** `"status":…` and, of a draw that got one, the card; in the order in which the app writes them. */
const DRAW = /"status":"(\w+)"(?:,"cardId":"([\w-]+)")?/g;
const RETRY_AFTER = /\r\nretry-after: (\d+)/i;
const CODE = /"code":"(\w+)"/;
/** Where some draws of a call were refused, nothing says when to ask again. */
const SOME_AGAIN_MS = 1_000;

/** Reads what a step wants to know of its answer; `cards` are those that were issued by it, not those of an earlier call. */
export function readAnswer(step: Step, { status, head, body }: Answer): Outcome {
  const text = body.toString("latin1");
  if (status === 503) {
    const seconds = RETRY_AFTER.exec(head)?.[1];
    const code = codeOf(text, status);
    if (seconds === undefined || code !== "overloaded") return { status: "failed", code: `${code} without Retry-After` };
    return { status: "shed", whole: true, retryAfterMs: Number(seconds) * 1_000, cards: [] };
  }
  if (status !== 200) return { status: "failed", code: codeOf(text, status) };
  const cards: string[] = [];
  if (step.draws === true) {
    let refused = 0;
    for (const [, result = "", card] of text.matchAll(DRAW)) {
      if (result === "issued" && card !== undefined) cards.push(card);
      else if (result === "overloaded") refused += 1;
      else if (result !== "replayed") return { status: "failed", code: result };
    }
    if (refused > 0) return { status: "shed", whole: false, retryAfterMs: SOME_AGAIN_MS, cards };
  }
  if (step.wants !== undefined && !text.includes(step.wants)) return { status: "failed", code: "unexpected answer" };
  const values: Partial<Record<ValueName, string>> = {};
  for (const [value, member] of Object.entries(step.takes ?? {})) {
    const found = memberOf(text, member);
    if (found === null) return { status: "failed", code: `no ${member} in the answer` };
    values[value as ValueName] = found;
  }
  return { status: "good", values, cards };
}

/** A member that is text without escapes, as ids and tokens are. */
function memberOf(json: string, member: string): string | null {
  const before = `"${member}":"`;
  const begin = json.indexOf(before);
  if (begin < 0) return null;
  const end = json.indexOf('"', begin + before.length);
  return json.slice(begin + before.length, end);
}

function codeOf(text: string, status: number): string {
  return CODE.exec(text)?.[1] ?? `status ${status}`;
}
