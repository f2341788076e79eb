import { isLocal } from "../rewards/local.ts";
import type { Folded } from "./fold.ts";
import type { Due } from "./held-rewards.ts";

/** What folded events do to the ledger, a statement a table; all of a transaction's go together. */

/** Adds to the ledger's cards what events said of them. */
export function upsertCards(env: Pick<Env, "LEDGER">, cards: Folded["cards"]): D1PreparedStatement {
  const rows = cards.map((c) => [
    c.card,
    c.campaign,
    c.shard,
    c.version,
    c.state,
    c.prize,
    c.request,
    c.recipient,
    c.lineUser,
    c.metadata,
    c.segment,
    c.position,
    c.code,
    c.issuedAt,
    c.expiresAt,
    c.revealedAt,
    c.redeemedAt,
    c.usedAt,
    c.endedAt,
    c.reason,
    c.store,
    c.till,
    c.returned,
  ]);
  const said = [
    "request",
    "recipient",
    "line_user",
    "metadata",
    "segment",
    "position",
    "code",
    "issued_at",
    "expires_at",
    "revealed_at",
    "redeemed_at",
    "used_at",
    "ended_at",
    "reason",
    "store",
    "till",
    "returned",
  ];
  const columns = ["card", "campaign", "shard", "version", "state", "prize", ...said];
  return env.LEDGER.prepare(
    `INSERT INTO cards (${columns.join(", ")})
     SELECT ${columns.map((_, i) => `value->>${i}`).join(", ")} FROM json_each(?) WHERE true
     ON CONFLICT (card) DO UPDATE SET
       state = CASE WHEN excluded.version > cards.version THEN excluded.state ELSE cards.state END,
       version = max(cards.version, excluded.version),
       ${said.map((column) => `${column} = coalesce(cards.${column}, excluded.${column})`).join(", ")}`,
  ).bind(JSON.stringify(rows));
}

/** What needs no provider is granted with its redemption; the rest is pending until the agent has granted it. */
export function insertRewards(env: Pick<Env, "LEDGER">, rewards: Folded["rewards"], due: Due): D1PreparedStatement {
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
      granted ? null : due.atMs,
      granted ? null : due.why,
    ];
  });
  return env.LEDGER.prepare(
    `INSERT OR IGNORE INTO rewards (card, campaign, prize, kind, line_user, recipient, status, attempts, created_at, granted_at, next_attempt_at, last_error)
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, 0, value->>7, value->>8, value->>9, value->>10 FROM json_each(?)`,
  ).bind(JSON.stringify(rows));
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
