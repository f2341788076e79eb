import { count } from "../count.ts";

/** What the object tells of a card. */
export type NaiveEvent = { readonly card: string; readonly at: number } & (
  | { readonly type: "issued"; readonly prize: string; readonly request: string; readonly recipient: string }
  | { readonly type: "revealed"; readonly lineUser: string }
  | { readonly type: "redeemed" }
);

/** With what the same questions are answered by as in Kuji: a card, a request, a recipient, a LINE user, a campaign's counts, rewards to be granted. */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS cards (
     card TEXT PRIMARY KEY, campaign TEXT, request TEXT, recipient TEXT, line_user TEXT, prize TEXT, state TEXT, issued_at INTEGER, revealed_at INTEGER,
     redeemed_at INTEGER
   )`,
  "CREATE INDEX IF NOT EXISTS cards_request ON cards (request)",
  "CREATE INDEX IF NOT EXISTS cards_recipient ON cards (recipient)",
  "CREATE INDEX IF NOT EXISTS cards_line_user ON cards (line_user)",
  "CREATE INDEX IF NOT EXISTS cards_campaign ON cards (campaign, prize, state)",
  "CREATE TABLE IF NOT EXISTS rewards (card TEXT PRIMARY KEY, status TEXT, created_at INTEGER)",
  "CREATE INDEX IF NOT EXISTS rewards_status ON rewards (status)",
];
const CAMPAIGN = "naive";

export async function openLedger(db: D1Database): Promise<void> {
  await db.batch(TABLES.map((table) => db.prepare(table)));
}

/** A statement an event, each right whichever comes first and however often it comes; those of a batch of messages in one transaction. */
export async function settleNaive(db: D1Database, events: readonly NaiveEvent[]): Promise<void> {
  const results = await db.batch(events.flatMap((event) => statementsOf(db, event)));
  for (const { meta } of results) {
    count("naive ledger: rows written", meta.rows_written);
    count("naive ledger: rows read", meta.rows_read);
  }
}

function statementsOf(db: D1Database, event: NaiveEvent): D1PreparedStatement[] {
  const { card, at } = event;
  switch (event.type) {
    case "issued":
      return [
        db
          .prepare(
            `INSERT INTO cards (card, campaign, request, recipient, prize, state, issued_at) VALUES (?1, ?2, ?3, ?4, ?5, 'issued', ?6)
             ON CONFLICT (card) DO UPDATE SET campaign = ?2, request = ?3, recipient = ?4, prize = ?5, issued_at = ?6`,
          )
          .bind(card, CAMPAIGN, event.request, event.recipient, event.prize, at),
      ];
    case "revealed":
      return [
        db
          .prepare(
            `INSERT INTO cards (card, line_user, state, revealed_at) VALUES (?1, ?2, 'revealed', ?3)
             ON CONFLICT (card) DO UPDATE SET line_user = ?2, revealed_at = ?3, state = CASE state WHEN 'issued' THEN 'revealed' ELSE state END`,
          )
          .bind(card, event.lineUser, at),
      ];
    case "redeemed":
      return [
        db
          .prepare(
            `INSERT INTO cards (card, state, redeemed_at) VALUES (?1, 'redeemed', ?2)
             ON CONFLICT (card) DO UPDATE SET state = 'redeemed', redeemed_at = ?2`,
          )
          .bind(card, at),
        db
          .prepare(
            "INSERT OR IGNORE INTO rewards (card, status, created_at) SELECT card, 'granted', ? FROM cards WHERE card = ? AND prize <> 'thanks'",
          )
          .bind(at, card),
      ];
  }
}
