import type { Draw } from "../../../durable-objects/protocol.ts";
import type { NaiveCard, NaiveDesign, NaiveResult } from "./signed-draws.ts";

export interface NaiveD1Env extends Env {
  readonly NAIVE_CARDS: D1Database;
}

const TABLES = [
  "CREATE TABLE IF NOT EXISTS campaigns (campaign TEXT PRIMARY KEY, per_recipient INTEGER NOT NULL)",
  `CREATE TABLE IF NOT EXISTS cards (
     id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, prize TEXT NOT NULL, card TEXT, request TEXT, recipient TEXT, state TEXT, issued_at INTEGER
   )`,
  "CREATE INDEX IF NOT EXISTS cards_free ON cards (campaign, id) WHERE card IS NULL",
  "CREATE UNIQUE INDEX IF NOT EXISTS cards_card ON cards (card) WHERE card IS NOT NULL",
  "CREATE UNIQUE INDEX IF NOT EXISTS cards_request ON cards (campaign, request, recipient) WHERE card IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS cards_recipient ON cards (campaign, recipient) WHERE card IS NOT NULL",
];

/** Everything that a draw promises in one statement: not asked before, not above the limit, and a card that nobody has. */
const TAKE = `
  UPDATE cards SET card = ?1, request = ?2, recipient = ?3, state = 'issued', issued_at = ?4
  WHERE id = (SELECT id FROM cards WHERE campaign = ?5 AND card IS NULL ORDER BY id LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM cards WHERE campaign = ?5 AND request = ?2 AND recipient = ?3 AND card IS NOT NULL)
    AND (?3 = '' OR (SELECT count(*) FROM cards WHERE campaign = ?5 AND recipient = ?3 AND card IS NOT NULL)
      < (SELECT per_recipient FROM campaigns WHERE campaign = ?5))
  RETURNING card`;
const KNOWN = "SELECT card FROM cards WHERE campaign = ?1 AND request = ?2 AND recipient = ?3 AND card IS NOT NULL";
const FREE = "SELECT EXISTS (SELECT 1 FROM cards WHERE campaign = ?1 AND card IS NULL) AS free";

/** The stock as a table of D1, and an UPDATE … RETURNING for each draw; a request's draws are one batch. */
export const naiveD1: NaiveDesign<NaiveD1Env> = {
  async load({ NAIVE_CARDS: db }, campaign, { limit, deck }) {
    await db.batch(TABLES.map((table) => db.prepare(table)));
    await db.batch([
      db.prepare("INSERT OR REPLACE INTO campaigns (campaign, per_recipient) VALUES (?, ?)").bind(campaign, limit),
      db.prepare("INSERT INTO cards (campaign, prize) SELECT ?, value FROM json_each(?)").bind(campaign, JSON.stringify(deck)),
    ]);
  },
  async card({ NAIVE_CARDS: db }, campaign, cardId) {
    return await db
      .prepare("SELECT request AS requestId, state FROM cards WHERE card = ? AND campaign = ?")
      .bind(cardId, campaign)
      .first<NaiveCard>();
  },
  async draw({ NAIVE_CARDS: db }, campaign, draws) {
    const now = Date.now();
    const taken = await db.batch<{ card: string }>(
      draws.map(({ requestId, recipient }) => db.prepare(TAKE).bind(crypto.randomUUID(), requestId, recipient ?? "", now, campaign)),
    );
    return Promise.all(
      draws.map(async (draw, i) => {
        const card = taken[i]?.results[0]?.card;
        return card === undefined ? explain(db, campaign, draw) : ({ status: "issued", cardId: card } satisfies NaiveResult);
      }),
    );
  },
};

/** Why a draw got nothing. */
async function explain(db: D1Database, campaign: string, { requestId, recipient }: Draw): Promise<NaiveResult> {
  const known = await db
    .prepare(KNOWN)
    .bind(campaign, requestId, recipient ?? "")
    .first<string>("card");
  if (known !== null) return { status: "replayed", cardId: known };
  const free = await db.prepare(FREE).bind(campaign).first<number>("free");
  return { status: free === 1 ? "limit_reached" : "sold_out", cardId: null };
}
