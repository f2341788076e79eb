import { eq, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { readStock } from "../cards/stock.ts";
import { errorText } from "../error-text.ts";
import { register } from "../ledger/ledgers.ts";
import { campaigns, stockLevels } from "../ledger/schema.ts";
import { STOCK_EVENT_TYPES } from "./events.ts";
import type { StockChange } from "./events.ts";
import { announceFeeds, feedsWritten, insertFeeds } from "./feed.ts";
import { loadListeners, mayHear, wants } from "./listeners.ts";
import { levelChanges } from "./stock-levels.ts";
import type { LevelChange } from "./stock-levels.ts";

/** More campaigns than run at once. */
const MAX_WATCHED = 200;

/** Looks at the stock of those running campaigns of which somebody wants to hear that it runs low, and says so once for each time that it does. */
export async function watchStock(env: Env, nowMs: number = Date.now()): Promise<void> {
  const listeners = (await loadListeners(env)).filter((listener) => STOCK_EVENT_TYPES.some((type) => wants(listener, type)));
  if (listeners.length === 0) return;
  const running = await drizzle(env.LEDGER)
    .select({ campaign: campaigns.campaign })
    .from(campaigns)
    .where(inArray(campaigns.status, ["open", "paused"]))
    .limit(MAX_WATCHED);
  for (const { campaign } of running) {
    if (!listeners.some((listener) => mayHear(listener, campaign))) continue;
    try {
      await watchCampaign(env, campaign, nowMs);
    } catch (error) {
      console.error(JSON.stringify({ message: "a campaign's stock was not looked at", campaign, error: errorText(error) }));
    }
  }
}

async function watchCampaign(env: Env, campaign: string, nowMs: number): Promise<void> {
  const [known, { prizes }] = await Promise.all([
    drizzle(env.LEDGER).select().from(stockLevels).where(eq(stockLevels.campaign, campaign)),
    readStock(env, campaign),
  ]);
  const changes = levelChanges(known, prizes);
  if (changes.length === 0) return;
  const told = changes.flatMap(({ level, fell, prize, ...counts }): StockChange[] =>
    fell && level !== "plenty"
      ? [
          {
            campaign,
            prize,
            level,
            changes: counts.changes,
            loaded: counts.loaded,
            issued: counts.issued,
            remaining: counts.remaining,
            at: nowMs,
          },
        ]
      : [],
  );
  const feeds = told.length === 0 ? [] : [insertFeeds(env, [{ campaign, kind: "stock", body: told }], nowMs)];
  const [, ...written] = await env.LEDGER.batch([keepLevels(env, campaign, changes, nowMs), ...feeds]);
  await announceFeeds(env, register(env), feedsWritten(written));
}

function keepLevels(env: Env, campaign: string, changes: readonly LevelChange[], nowMs: number): D1PreparedStatement {
  const rows = changes.map(({ prize, level, changes: count }) => [prize, level, count]);
  return env.LEDGER.prepare(
    `INSERT INTO stock_levels (campaign, prize, level, changes, at)
     SELECT ?2, value->>0, value->>1, value->>2, ?3 FROM json_each(?1) WHERE true
     ON CONFLICT (campaign, prize) DO UPDATE SET level = excluded.level, changes = excluded.changes, at = excluded.at`,
  ).bind(JSON.stringify(rows), campaign, nowMs);
}
