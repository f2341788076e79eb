import { z } from "zod";
import { PASSING_CLIENT_ERRORS, wishedPause } from "./not-now.ts";
import { parseJson } from "./parse-json.ts";
import type { GrantDeps } from "./provider.ts";
import { readAnswer } from "./read-answer.ts";
import { signedHeaders } from "./signed-headers.ts";
import { CALL_TIMEOUT_MS, unanswered } from "./unanswered.ts";

/** Grants in one page: few enough to be read, held against the ledger and told in one step. */
export const MAX_LISTED = 1_000;
/** A grant takes some 90 bytes; ten times that is room for what else a provider may tell of each. */
const MAX_ANSWER_BYTES = 1_000_000;

const answerSchema = z.object({
  grants: z
    .array(
      z.object({
        /** The `webhook-id` that it was asked under. ASCII, so that code units and bytes are in one order. */
        id: z.string().regex(/^[\x21-\x7e]{1,64}$/),
        grantedAt: z.iso.datetime({ offset: true }),
      }),
    )
    .max(MAX_LISTED),
});

/** What a reward system says it has granted. */
export type ListedGrant = z.output<typeof answerSchema>["grants"][number];

export interface ListQuery {
  readonly campaign: string;
  /** The grants after this id. */
  readonly after: string;
}

export type ListOutcome =
  /** `isLast`: it has granted no more after these. */
  | { readonly outcome: "listed"; readonly grants: readonly ListedGrant[]; readonly isLast: boolean }
  /** Why there is no list, as operators are shown it. `isDown`: for reasons that would keep it from granting, too; `afterMs`: its wish for all calls to it. */
  | { readonly outcome: "unlisted"; readonly reason: string; readonly isDown: boolean; readonly afterMs?: number };

/**
 * Asks a reward system for a page of its own list, as `worker/rewards/README.md` says: a `GET` to `listUrl`, signed by Standard Webhooks under `messageId`
 * over no body. Never throws for what the other side may do.
 */
export async function listGrants(
  listUrl: string,
  query: ListQuery,
  messageId: string,
  { settings, fetch, nowMs }: GrantDeps,
): Promise<ListOutcome> {
  const url = new URL(listUrl);
  for (const [name, value] of Object.entries({ ...query, limit: String(MAX_LISTED) })) url.searchParams.set(name, value);
  try {
    const response = await fetch(url.href, {
      headers: { accept: "application/json", ...signedHeaders(messageId, "", settings, new Date(nowMs())) },
      redirect: "manual",
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    return await judgeAnswer(response, query, nowMs());
  } catch (error) {
    return { outcome: "unlisted", reason: unanswered(error).reason, isDown: true };
  }
}

async function judgeAnswer(response: Response, query: ListQuery, nowMs: number): Promise<ListOutcome> {
  if (response.ok) return judgeList(response, query);
  await response.body?.cancel();
  const { status } = response;
  const isDown = status >= 500 || PASSING_CLIENT_ERRORS.has(status);
  return { outcome: "unlisted", reason: `answered ${status}`, isDown, ...wishedPause(response, nowMs) };
}

async function judgeList(response: Response, { after }: ListQuery): Promise<ListOutcome> {
  const wrong = (what: string): ListOutcome => ({ outcome: "unlisted", reason: `answered ${response.status} with ${what}`, isDown: false });
  const text = await readAnswer(response, MAX_ANSWER_BYTES);
  if (text === null) return wrong(`more than ${MAX_ANSWER_BYTES} bytes`);
  const parsed = answerSchema.safeParse(parseJson(text));
  if (!parsed.success) return wrong("no list of grants");
  const { grants } = parsed.data;
  const isOrdered = grants.every(({ id }, i) => id > (grants[i - 1]?.id ?? after));
  if (!isOrdered) return wrong("grants that are not in the order of their ids, each once, after the one asked for");
  return { outcome: "listed", grants, isLast: grants.length < MAX_LISTED };
}
