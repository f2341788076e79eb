import { z } from "zod";
import type { Block } from "../../durable-objects/block.ts";
import { boundLedgers, inEach } from "../ledger/ledgers.ts";
import type { Ledger } from "../ledger/ledgers.ts";
import type { partnerFeed } from "../ledger/schema.ts";
import { BLOCK_EVENT_TYPES, REWARD_EVENT_TYPES } from "./events.ts";
import { isHeard } from "./listeners.ts";

/**
 * What partners are to be told of is written down in the transaction that made it so, as a reference, and announced by queue. The row is the truth:
 * a message that is lost is sent again by the sweep.
 */
export type FeedRow = typeof partnerFeed.$inferSelect;
export type FeedKind = FeedRow["kind"];

export interface NewFeed {
  readonly campaign: string;
  readonly kind: FeedKind;
  readonly body: unknown;
}

/** A row this old has lost its message: longer than telling takes. Each sending again doubles it, up to the longest. */
const SWEEP_AFTER_MS = 120_000;
const LONGEST_SWEEP_MS = 3_600_000;
const FEEDS_A_SWEEP = 1_000;
/** Four days of sweeps. What could not be told to an endpoint's object by then is given up: a replay brings it back. */
const MAX_SWEEPS = 100;
/** Few enough for a consumer to read from the lake in one go. */
const FEEDS_A_MESSAGE = 20;
/** The platform's limit of one `sendBatch`. */
const MESSAGES_A_SEND = 100;

/** A message of the queue `partner-events`: rows of a ledger's `partner_feed`. */
export const feedMessageSchema = z.strictObject({
  ledger: z.int().nonnegative().default(0),
  feeds: z.array(z.int().positive()).min(1).max(FEEDS_A_MESSAGE),
});

/** Writes rows; gives their numbers, to be announced after the commit. */
export function insertFeeds(env: Pick<Env, "LEDGER">, feeds: readonly NewFeed[], nowMs: number): D1PreparedStatement {
  const rows = feeds.map(({ campaign, kind, body }) => [campaign, kind, JSON.stringify(body)]);
  return env.LEDGER.prepare(
    `INSERT INTO partner_feed (campaign, kind, body, sweeps, due_at)
     SELECT value->>0, value->>1, value->>2, 0, ?2 FROM json_each(?1) RETURNING feed`,
  ).bind(JSON.stringify(rows), nowMs + SWEEP_AFTER_MS);
}

/** A block that only tells of issued cards and used coupons is no news to partners. Text of a partner's own that looks so costs a look into the block. */
const NEWS = /"type":"(?:revealed|redeemed|voided|expired)"/;

/** Rows for those blocks whose campaign somebody listens to: none, mostly. `key` is where the block lies in the lake. */
export async function feedBlocks(
  env: Pick<Env, "LEDGER">,
  ledger: Ledger,
  blocks: readonly { readonly block: Block; readonly key: string }[],
  nowMs: number,
): Promise<D1PreparedStatement[]> {
  const news = blocks.filter(({ block }) => NEWS.test(block.body));
  const heard = await heardOf(env, new Set(news.map(({ block }) => block.header.campaign)), BLOCK_EVENT_TYPES);
  const feeds = news.flatMap(({ block: { header }, key }): NewFeed[] =>
    heard.has(header.campaign) ? [{ campaign: header.campaign, kind: "block", body: { key } }] : [],
  );
  return feeds.length === 0 ? [] : [insertFeeds(ledger, feeds, nowMs)];
}

/** What the consumer finds of a reward: card, prize, version of the card as redeemed, what became of it, how often it was redriven, when. */
export type FedReward = readonly [card: string, prize: string, version: number, status: "granted" | "failed", redrives: number, at: number];

/**
 * Rows for rewards that are about to be granted or failed, to stand before the statement that makes them so: of those that are still pending.
 * A row holds the rewards of one campaign.
 */
export async function feedRewards(
  env: Pick<Env, "LEDGER">,
  ledger: Ledger,
  verdicts: readonly { readonly card: string; readonly campaign: string; readonly status: string }[],
  nowMs: number,
): Promise<D1PreparedStatement[]> {
  const final = verdicts.filter(({ status }) => status === "granted" || status === "failed");
  const heard = await heardOf(env, new Set(final.map(({ campaign }) => campaign)), REWARD_EVENT_TYPES);
  const told = final.filter(({ campaign }) => heard.has(campaign));
  if (told.length === 0) return [];
  const rows = told.map(({ campaign, card, status }) => [campaign, card, status]);
  const statement = ledger.LEDGER.prepare(
    `INSERT INTO partner_feed (campaign, kind, body, sweeps, due_at)
     SELECT r.campaign, 'rewards', json_group_array(json_array(r.card, r.prize, c.version, v.value->>2, r.redrives, ?2)), 0, ?3
     FROM json_each(?1) AS v JOIN rewards AS r ON r.campaign = v.value->>0 AND r.card = v.value->>1
     JOIN cards AS c ON c.campaign = r.campaign AND c.card = r.card
     WHERE +r.status = 'pending' GROUP BY +r.campaign RETURNING feed`,
  ).bind(JSON.stringify(rows), nowMs, nowMs + SWEEP_AFTER_MS);
  return [statement];
}

async function heardOf(env: Pick<Env, "LEDGER">, campaigns: ReadonlySet<string>, types: readonly string[]): Promise<Set<string>> {
  const heard = new Set<string>();
  for (const campaign of campaigns) if (await isHeard(env, campaign, types)) heard.add(campaign);
  return heard;
}

/** The numbers of rows that were written. */
export function feedsWritten(results: readonly D1Result[]): number[] {
  return results.flatMap(({ results: rows }) => (rows as { feed: number }[]).map(({ feed }) => feed));
}

/** Tells the consumer of a ledger's rows; a message that cannot be sent is left to the sweep. */
export async function announceFeeds(
  env: Pick<Env, "PARTNER_EVENTS">,
  { nth }: Pick<Ledger, "nth">,
  feeds: readonly number[],
  delaySeconds = 0,
): Promise<void> {
  const messages: { body: z.input<typeof feedMessageSchema>; contentType: "json" }[] = [];
  for (let first = 0; first < feeds.length; first += FEEDS_A_MESSAGE) {
    const together = feeds.slice(first, first + FEEDS_A_MESSAGE);
    messages.push({ body: nth === 0 ? { feeds: together } : { ledger: nth, feeds: together }, contentType: "json" });
  }
  try {
    for (let first = 0; first < messages.length; first += MESSAGES_A_SEND) {
      await env.PARTNER_EVENTS.sendBatch(messages.slice(first, first + MESSAGES_A_SEND), { delaySeconds });
    }
  } catch (error) {
    console.warn(
      JSON.stringify({ message: "partner events were not announced; the sweep will", feeds: feeds.length, error: String(error) }),
    );
  }
}

/** Announces again what is overdue in any ledger, whatever lost it. Gives how many rows that were. */
export async function sweepFeeds(env: Pick<Env, "LEDGER" | "PARTNER_EVENTS">, nowMs: number = Date.now()): Promise<number> {
  const swept = await inEach(boundLedgers(env), async (ledger) => sweepLedger(env, ledger, nowMs));
  return swept.reduce((sum, rows) => sum + rows, 0);
}

async function sweepLedger(env: Pick<Env, "PARTNER_EVENTS">, ledger: Ledger, nowMs: number): Promise<number> {
  const given = await ledger.LEDGER.prepare("DELETE FROM partner_feed WHERE sweeps >= ? RETURNING feed, campaign, kind, body")
    .bind(MAX_SWEEPS)
    .all();
  for (const row of given.results) console.error(JSON.stringify({ message: "partner events were given up", ...row }));
  const { results } = await ledger.LEDGER.prepare(
    `UPDATE partner_feed SET sweeps = sweeps + 1, due_at = ?1 + min(?2, ?3 << min(sweeps, 10))
     WHERE feed IN (SELECT feed FROM partner_feed WHERE due_at < ?1 ORDER BY feed LIMIT ?4) RETURNING feed`,
  )
    .bind(nowMs, LONGEST_SWEEP_MS, SWEEP_AFTER_MS, FEEDS_A_SWEEP)
    .all<{ feed: number }>();
  if (results.length === 0) return 0;
  await announceFeeds(
    env,
    ledger,
    results.map(({ feed }) => feed),
  );
  console.warn(JSON.stringify({ message: "overdue partner events were announced again", feeds: results.length }));
  return results.length;
}
