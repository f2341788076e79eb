import { and, eq, getTableColumns, gt, gte, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { ledgersOf } from "./ledgers.ts";
import type { Knowing } from "./ledgers.ts";
import type { LedgerCard, RewardRow, RewardStatus } from "./queries.ts";
import { audit, cards, rewards } from "./schema.ts";

/** Rows read at a time: a few megabytes. D1 answers a thousand queries of one call, so this is what a campaign of ten million cards takes. */
const SLICE_ROWS = 10_000;
/** An entry may hold hundreds of kilobytes: what was and what is. */
const SLICE_ENTRIES = 100;

/** A reward without its receipt: ten thousand of those may be 40 MB. */
export type ExportedReward = Omit<RewardRow, "receipt">;
type AuditRow = typeof audit.$inferSelect;

const cardColumns = getTableColumns(cards);
const { receipt: _, ...rewardColumns } = getTableColumns(rewards);

/** A campaign's cards, ledger by ledger, slice by slice in the order of their ids. */
export async function* campaignCards(env: Knowing, campaign: string): AsyncGenerator<readonly LedgerCard[]> {
  for (const ledger of await ledgersOf(env, campaign)) yield* ofCampaign<LedgerCard>(ledger, cards, cardColumns, campaign);
}

/** The same of its rewards: all, or those of one status. */
export async function* campaignRewards(env: Knowing, campaign: string, status?: RewardStatus): AsyncGenerator<readonly ExportedReward[]> {
  for (const ledger of await ledgersOf(env, campaign)) {
    for await (const rows of ofCampaign<ExportedReward>(ledger, rewards, rewardColumns, campaign)) {
      yield status === undefined ? rows : rows.filter((row) => row.status === status);
    }
  }
}

/** Each row is there once, though it may change meanwhile: only a card's id never does, so it is what is walked along. */
async function* ofCampaign<Row extends { readonly card: string; readonly campaign: string }>(
  env: Pick<Env, "LEDGER">,
  table: typeof cards | typeof rewards,
  columns: typeof cardColumns | typeof rewardColumns,
  campaign: string,
): AsyncGenerator<readonly Row[]> {
  const db = drizzle(env.LEDGER);
  for (let after: string | null = ""; after !== null;) {
    const rows = (await db
      .select(columns)
      .from(table)
      .where(and(eq(table.campaign, campaign), gt(table.card, after)))
      .orderBy(table.card)
      .limit(SLICE_ROWS)) as unknown as Row[];
    after = rows.at(-1)?.card ?? null;
    yield rows;
  }
}

/** Audit entries of a time, `toMs` left out, slice by slice in the order of their numbers. */
export async function* auditEntries(
  env: Pick<Env, "LEDGER">,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): AsyncGenerator<readonly AuditRow[]> {
  const db = drizzle(env.LEDGER);
  for (let after: number | undefined = 0; after !== undefined;) {
    const rows: AuditRow[] = await db
      .select()
      .from(audit)
      .where(and(gt(audit.entry, after), gte(audit.at, fromMs), lt(audit.at, toMs)))
      .orderBy(audit.entry)
      .limit(SLICE_ENTRIES);
    after = rows.at(-1)?.entry;
    yield rows;
  }
}
