import { and, eq, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { CampaignRules } from "../../durable-objects/protocol.ts";
import { campaigns } from "../ledger/schema.ts";
import type { CampaignFile, CampaignSnapshot } from "./schema.ts";

export interface PublishedCampaign {
  readonly file: CampaignFile;
  readonly etag: string;
  readonly rules: CampaignRules;
  readonly publishedAtMs: number;
}

/**
 * Keeps a published campaign. The file is taken as it comes (what only the page shows changes no version), status, shards and ledgers only from a version
 * that is not older: a publish and a change of status that overtake each other lose neither.
 */
export async function saveCampaign(ledger: D1Database, { file, etag, rules, publishedAtMs }: PublishedCampaign): Promise<void> {
  const { campaign, version, status, shards, ledgers } = rules;
  const newer = sql`excluded.version >= ${campaigns.version}`;
  await drizzle(ledger)
    .insert(campaigns)
    .values({ campaign, file: JSON.stringify(file), etag, version, status, shards, ledgers, publishedAt: publishedAtMs })
    .onConflictDoUpdate({
      target: campaigns.campaign,
      set: {
        file: sql`excluded.file`,
        etag: sql`excluded.etag`,
        publishedAt: sql`excluded.published_at`,
        version: sql`max(excluded.version, ${campaigns.version})`,
        status: sql`CASE WHEN ${newer} THEN excluded.status ELSE ${campaigns.status} END`,
        shards: sql`CASE WHEN ${newer} THEN excluded.shards ELSE ${campaigns.shards} END`,
        ledgers: sql`CASE WHEN ${newer} THEN excluded.ledgers ELSE ${campaigns.ledgers} END`,
      },
    });
}

/** Keeps what a change of status left; an older version changes nothing. */
export async function saveStatus(ledger: D1Database, { campaign, version, status, shards, ledgers }: CampaignRules): Promise<void> {
  await drizzle(ledger)
    .update(campaigns)
    .set({ version, status, shards, ledgers })
    .where(and(eq(campaigns.campaign, campaign), lt(campaigns.version, version)));
}

/** The campaign as the edge is to see it. */
export async function loadSnapshot(ledger: D1Database, campaign: string): Promise<CampaignSnapshot | null> {
  const [row] = await drizzle(ledger).select().from(campaigns).where(eq(campaigns.campaign, campaign));
  if (row === undefined) return null;
  const { file, version, status, shards, ledgers } = row;
  return { file: JSON.parse(file) as CampaignFile, version, shards, ledgers: status === "draft" ? null : ledgers };
}
