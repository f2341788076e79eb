import { z } from "zod";
import { rewardGate } from "../../objects.ts";
import { MAX_LISTED } from "../../rewards/list-grants.ts";
import { listThroughGate } from "../../rewards/list-through-gate.ts";
import type { GrantDeps } from "../../rewards/provider.ts";
import { recordVerdicts } from "../../rewards/rows.ts";
import { judgeTold } from "../../rewards/verdict.ts";
import { webhookGate, webhookProvider } from "../../rewards/webhook.ts";
import { settings } from "../../settings.ts";
import { addressOfCard, byLedger, inEach, ledgersOf } from "../ledgers.ts";
import type { RewardRow } from "../queries.ts";
import { campaignProviders, LINE } from "./campaign-providers.ts";
import type { CampaignProvider } from "./campaign-providers.ts";
import { compareStretches, judgeUnseen, mergeStretches, missingFault } from "./compare-grants.ts";
import type { Granter, Stretch } from "./compare-grants.ts";
import type { CardDifference } from "./differences.ts";

/** Rows of the ledger read at a time, and how often for one page of a provider's list: its grants are a part of the campaign's. */
const ROWS_A_SLICE = 10_000;
const SLICES_A_STEP = 5;

/** Where the comparison with the providers stands. */
export const providersCursorSchema = z.strictObject({
  phase: z.literal("providers"),
  /** Whose turn it is; or the next one's, if it is no provider of the campaign any more. */
  provider: z.string().max(40),
  /** The last id of it that is done. */
  after: z.string().max(64),
});

export type ProvidersCursor = z.output<typeof providersCursorSchema>;

export const FIRST_PROVIDER: ProvidersCursor = { phase: "providers", provider: "", after: "" };

/** What one step says of one provider. */
export const providerReportSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("compared"),
    provider: z.string(),
    /** Grants that one side has or both have, in the step's stretch of ids. */
    grants: z.int(),
    /** Of those, such as the ledger has as pending: the outcome is on its way to it. */
    waiting: z.int(),
    /** And such as the ledger held, for it was not known whether they were granted: they are granted now. */
    told: z.int(),
  }),
  /** It shows nobody what it has granted. */
  z.object({ status: z.literal("unlisted"), provider: z.string(), reason: z.string() }),
  /** It has a list and could not be asked for it: what is after the cursor was not compared. */
  z.object({ status: z.literal("unasked"), provider: z.string(), reason: z.string() }),
]);

export type ProviderReport = z.output<typeof providerReportSchema>;

export interface ProvidersStep {
  readonly next: ProvidersCursor | null;
  readonly differences: readonly CardDifference[];
  /** Absent where the campaign has no provider left. */
  readonly provider?: ProviderReport;
}

/** What asking a provider needs of the world. */
export interface ListTools extends Omit<GrantDeps, "settings"> {
  readonly wait: (ms: number) => Promise<void>;
  readonly newId: () => string;
}

export const LIST_TOOLS: ListTools = {
  fetch: (url, init) => fetch(url, init),
  nowMs: () => Date.now(),
  wait: (ms) => scheduler.wait(ms),
  newId: () => `list-${crypto.randomUUID()}`,
};

/** One page of one provider's list against the ledger. A reward that was held, and is listed, is granted. A provider that cannot be asked is said to be so, and the next one's turn comes. */
export async function compareProviders(
  env: Env,
  campaign: string,
  cursor: ProvidersCursor,
  tools: ListTools = LIST_TOOLS,
): Promise<ProvidersStep> {
  const providers = await campaignProviders(env, campaign);
  const turn = providers.findIndex(({ name }) => name >= cursor.provider);
  const provider = providers[turn];
  if (provider === undefined) return { next: null, differences: [] };
  const following = providers[turn + 1];
  const next: ProvidersCursor | null = following === undefined ? null : { phase: "providers", provider: following.name, after: "" };
  const after = provider.name === cursor.provider ? cursor.after : "";
  const { upTo, ...step } = await comparePage(env, campaign, provider, after, tools);
  return { ...step, next: upTo === null ? next : { phase: "providers", provider: provider.name, after: upTo } };
}

/** `upTo`: what is done of this provider; null: everything, or all that can be done now. */
interface ProviderPage {
  readonly upTo: string | null;
  readonly differences: readonly CardDifference[];
  readonly provider: ProviderReport;
}

async function comparePage(
  env: Env,
  campaign: string,
  { name, prizes }: CampaignProvider,
  after: string,
  tools: ListTools,
): Promise<ProviderPage> {
  const notCompared = (status: "unlisted" | "unasked", reason: string): ProviderPage => ({
    upTo: null,
    differences: [],
    provider: { status, provider: name, reason },
  });
  const source = listOf(env, name);
  if (source.status === "unlisted") return notCompared("unlisted", source.reason);

  const granter: Granter = { campaign, provider: name, prizes };
  // Read before the list: what the ledger has as granted by then, the provider has granted before it is asked.
  const ledgers = await ledgersOf(env, campaign);
  const granted = mergeStretches(await inEach(ledgers, async (ledger) => readGranted(ledger, granter, after)));
  const stub = () => rewardGate(env, name);
  const { wait, newId } = tools;
  const listed = await listThroughGate({ campaign, after }, { ...source, stub, wait, newId, deps: { ...tools, settings: settings(env) } });
  if (listed.outcome === "unlisted") return notCompared("unasked", listed.reason);

  const listedUpTo = listed.isLast ? null : (listed.grants.at(-1)?.id ?? null);
  const { upTo, same, missing, unseen } = compareStretches(granted, { items: listed.grants, upTo: listedUpTo });
  const asked = await byLedger(
    env,
    unseen.map(({ id }) => ({ campaign, card: id })),
    addressOfCard,
  );
  const read = await inEach(asked, async ({ ledger, things }) =>
    readRewards(
      ledger,
      campaign,
      things.map(({ card }) => card),
    ),
  );
  const rewards = new Map(read.flatMap((own) => [...own]));
  const verdicts = unseen.map((grant) => ({ card: grant.id, grant, verdict: judgeUnseen(granter, grant, rewards.get(grant.id) ?? null) }));
  const strange = verdicts.flatMap(({ card, verdict }) => (verdict.status === "different" ? [{ card, faults: [verdict.fault] }] : []));
  const waiting = verdicts.filter(({ verdict }) => verdict.status === "waiting").length;
  const told = verdicts.filter(({ verdict }) => verdict.status === "told");
  const granting = await byLedger(
    env,
    told.map(({ card, grant }) => judgeTold({ card, campaign, attempts: rewards.get(card)?.attempts ?? 0 }, Date.parse(grant.grantedAt))),
    addressOfCard,
  );
  await inEach(granting, async ({ ledger, things }) => recordVerdicts(env, ledger, things, tools.nowMs()));
  const grants = same + missing.length + unseen.length;
  return {
    upTo,
    differences: [...missing.map((card) => ({ card, faults: [missingFault(name)] })), ...strange],
    provider: { status: "compared", provider: name, grants, waiting, told: told.length },
  };
}

/** Where a provider's list is, and the gate before it; or why there is none. */
function listOf(env: Env, name: string) {
  if (name === LINE) return { status: "unlisted", reason: "LINE shows no list of what it has handed over" } as const;
  const provider = webhookProvider(settings(env), name);
  if (provider === null) return { status: "unlisted", reason: "no reward provider of this name is configured" } as const;
  const { listUrl, permitsPerSecond } = provider;
  if (listUrl === undefined) return { status: "unlisted", reason: "no listUrl is configured for it" } as const;
  return { status: "listed", listUrl, gate: webhookGate(name, permitsPerSecond) } as const;
}

/** Cards after this one whose rewards a ledger has as granted by the provider: as many as its page may hold, or as a step may look through. */
async function readGranted(env: Pick<Env, "LEDGER">, granter: Granter, after: string): Promise<Stretch<string>> {
  const items: string[] = [];
  let upTo: string | null = after;
  for (let slices = 0; slices < SLICES_A_STEP && items.length < MAX_LISTED && upTo !== null; slices++) {
    const slice: Stretch<string> = await readSlice(env, granter, upTo);
    items.push(...slice.items);
    ({ upTo } = slice);
  }
  return { items, upTo };
}

async function readSlice({ LEDGER }: Pick<Env, "LEDGER">, { campaign, prizes }: Granter, after: string): Promise<Stretch<string>> {
  const { results } = await LEDGER.prepare(
    `WITH slice AS (SELECT card, prize, kind, status FROM rewards WHERE campaign = ?3 AND card > ?1 ORDER BY card LIMIT ?2),
       own AS (SELECT card, kind = 'webhook' AND status = 'granted' AND prize IN (SELECT value FROM json_each(?4)) AS own FROM slice)
     SELECT card, own, (SELECT count(*) FROM slice) AS rows FROM own WHERE own OR card = (SELECT max(card) FROM slice) ORDER BY card`,
  )
    .bind(after, ROWS_A_SLICE, campaign, JSON.stringify(prizes))
    .all<{ card: string; own: 0 | 1; rows: number }>();
  const last = results.at(-1);
  const items = results.filter(({ own }) => own === 1).map(({ card }) => card);
  return { items, upTo: last?.rows === ROWS_A_SLICE ? last.card : null };
}

type ReadReward = Pick<RewardRow, "card" | "campaign" | "prize" | "kind" | "status" | "attempts" | "nextAttemptAt">;

/** Rewards of these cards, whosever they are: the campaign's own, where it has one. */
async function readRewards({ LEDGER }: Pick<Env, "LEDGER">, campaign: string, cards: readonly string[]): Promise<Map<string, ReadReward>> {
  if (cards.length === 0) return new Map();
  const { results } = await LEDGER.prepare(
    `SELECT card, campaign, prize, kind, status, attempts, next_attempt_at AS nextAttemptAt FROM rewards
     WHERE campaign IN (SELECT ?2 UNION SELECT campaign FROM campaigns) AND card IN (SELECT value FROM json_each(?1)) ORDER BY campaign = ?2`,
  )
    .bind(JSON.stringify(cards), campaign)
    .all<ReadReward>();
  return new Map(results.map((row) => [row.card, row]));
}
