import { isLocal } from "../rewards/local.ts";
import type { RewardRef } from "../rewards/message.ts";
import type { Folded } from "./fold.ts";
import type { Due } from "./held-rewards.ts";

/** What folded events do to the ledger, a statement or two a table; all of a transaction's go together. */

/** What an event may say of a card, after which no other says it. */
const SAID = [
  "request",
  "recipient",
  "metadata",
  "segment",
  "position",
  "expires_at",
  "revealed_at",
  "redeemed_at",
  "used_at",
  "ended_at",
  "reason",
  "store",
  "till",
  "returned",
] as const;
/** The same, of what indexes are made of. */
const SAID_AND_INDEXED = ["issued_at", "line_user", "code"] as const;
const CARD_COLUMNS = ["campaign", "card", "shard", "version", "state", "prize", ...SAID, ...SAID_AND_INDEXED] as const;

type CardColumn = (typeof CARD_COLUMNS)[number];

const TOLD_CARDS = `SELECT ${CARD_COLUMNS.map((column, i) => `value->>${i} AS ${column}`).join(", ")} FROM json_each(?)`;

/** A told card whose row stays as it is in every index. That of a card's issue is new. */
const STAYS_INDEXED = `cards.campaign = told.campaign AND cards.card = told.card AND told.issued_at IS NULL
  AND (cards.line_user IS NOT NULL OR told.line_user IS NULL) AND (cards.code IS NOT NULL OR told.code IS NULL)`;

/**
 * Adds to the ledger's cards what events said of them. A statement that may write a column writes each index that it is in, and that is billed: so what leaves
 * the indexes as they are goes by a statement of its own.
 */
export function upsertCards(env: Pick<Env, "LEDGER">, cards: Folded["cards"]): D1PreparedStatement[] {
  const rows = cards.map((card) => ({ isLater: card.issuedAt === null, row: cardRow(card) }));
  const later = rows.filter(({ isLater }) => isLater).map(({ row }) => row);
  return [
    ...(later.length === 0 ? [] : [updateCards(env, later)]),
    upsertIndexed(
      env,
      rows.map(({ row }) => row),
    ),
  ];
}

function updateCards({ LEDGER }: Pick<Env, "LEDGER">, rows: readonly unknown[][]): D1PreparedStatement {
  return LEDGER.prepare(`UPDATE cards SET ${takes("told", SAID)} FROM (${TOLD_CARDS}) AS told WHERE ${STAYS_INDEXED}`).bind(
    JSON.stringify(rows),
  );
}

function upsertIndexed({ LEDGER }: Pick<Env, "LEDGER">, rows: readonly unknown[][]): D1PreparedStatement {
  return LEDGER.prepare(
    `INSERT INTO cards (${CARD_COLUMNS.join(", ")})
     SELECT * FROM (${TOLD_CARDS}) AS told WHERE NOT EXISTS (SELECT 1 FROM cards WHERE ${STAYS_INDEXED})
     ON CONFLICT (campaign, card) DO UPDATE SET ${takes("excluded", [...SAID, ...SAID_AND_INDEXED])}`,
  ).bind(JSON.stringify(rows));
}

/** Takes from a row what it says later, or first. */
function takes(row: string, said: readonly CardColumn[]): string {
  return `state = CASE WHEN ${row}.version > cards.version THEN ${row}.state ELSE cards.state END,
    version = max(cards.version, ${row}.version),
    ${said.map((column) => `${column} = coalesce(cards.${column}, ${row}.${column})`).join(", ")}`;
}

/** In the order of `CARD_COLUMNS`. */
function cardRow(c: Folded["cards"][number]): unknown[] {
  const row: Readonly<Record<CardColumn, unknown>> = {
    campaign: c.campaign,
    card: c.card,
    shard: c.shard,
    version: c.version,
    state: c.state,
    prize: c.prize,
    request: c.request,
    recipient: c.recipient,
    metadata: c.metadata,
    segment: c.segment,
    position: c.position,
    expires_at: c.expiresAt,
    revealed_at: c.revealedAt,
    redeemed_at: c.redeemedAt,
    used_at: c.usedAt,
    ended_at: c.endedAt,
    reason: c.reason,
    store: c.store,
    till: c.till,
    returned: c.returned,
    issued_at: c.issuedAt,
    line_user: c.lineUser,
    code: c.code,
  };
  return CARD_COLUMNS.map((column) => row[column]);
}

/** Names rewards that were made in the same transaction, so that the sweeper finds those whose message is lost. */
export function nameFresh(env: Pick<Env, "LEDGER">, fresh: readonly RewardRef[], nowMs: number): D1PreparedStatement[] {
  if (fresh.length === 0) return [];
  const cards = fresh.map(({ campaign, card }) => [campaign, card]);
  return [env.LEDGER.prepare("INSERT INTO fresh_rewards (at, cards) VALUES (?, ?)").bind(nowMs, JSON.stringify(cards))];
}

/** What needs no provider is granted with its redemption; the rest is pending until the agent has granted it. Without `due` it is asked for at once. */
export function insertRewards(env: Pick<Env, "LEDGER">, rewards: Folded["rewards"], due?: Due): D1PreparedStatement[] {
  if (rewards.length === 0) return [];
  const rows = rewards.map(({ card, campaign, prize, kind, lineUser, recipient, at }) => {
    const granted = isLocal(kind);
    return [
      card,
      campaign,
      prize,
      kind,
      lineUser,
      recipient,
      granted ? "granted" : "pending",
      at,
      granted ? at : null,
      granted || due === undefined ? null : due.atMs,
      granted || due === undefined ? null : due.why,
    ];
  });
  const insert = env.LEDGER.prepare(
    `INSERT OR IGNORE INTO rewards (card, campaign, prize, kind, line_user, recipient, status, attempts, created_at, granted_at, next_attempt_at, last_error)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, 0, value->>7, value->>8, value->>9, value->>10 FROM json_each(?)`,
  ).bind(JSON.stringify(rows));
  return [insert];
}

/** Adds to the minute counters. */
export function addCounters(env: Pick<Env, "LEDGER">, counters: Folded["counters"]): D1PreparedStatement {
  const rows = counters.map(({ campaign, minute, type, prize, count }) => [campaign, minute, type, prize, count]);
  return env.LEDGER.prepare(
    `INSERT INTO minute_counters (campaign, minute, type, prize, count)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
     ON CONFLICT (campaign, minute, type, prize) DO UPDATE SET count = count + excluded.count`,
  ).bind(JSON.stringify(rows));
}
