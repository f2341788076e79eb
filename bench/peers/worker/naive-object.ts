import { DurableObject } from "cloudflare:workers";
import type { Draw } from "../../../durable-objects/protocol.ts";
import type { Loading, NaiveCard, NaiveDesign, NaiveResult } from "./signed-draws.ts";

export interface NaiveObjectEnv extends Env {
  readonly NAIVE_POOL: DurableObjectNamespace<NaivePool>;
}

/** The first Durable Object that comes to mind: one for the campaign, a call for each draw, and a row for each thing that is to be known. */
export class NaivePool extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS settings (id INTEGER PRIMARY KEY, per_recipient INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS stock (id INTEGER PRIMARY KEY, prize TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS cards (
        card TEXT PRIMARY KEY, request TEXT NOT NULL, recipient TEXT NOT NULL, prize TEXT NOT NULL, state TEXT NOT NULL, issued_at INTEGER NOT NULL,
        UNIQUE (request, recipient)
      );
      CREATE INDEX IF NOT EXISTS cards_recipient ON cards (recipient);
      CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, event TEXT NOT NULL);
    `);
  }

  async load({ limit, deck }: Loading): Promise<void> {
    this.#sql.exec("INSERT OR REPLACE INTO settings (id, per_recipient) VALUES (1, ?)", limit);
    this.#sql.exec("INSERT INTO stock (prize) SELECT value FROM json_each(?)", JSON.stringify(deck));
  }

  async draw({ requestId, recipient }: Draw): Promise<NaiveResult> {
    const whom = recipient ?? "";
    const [known] = this.#sql
      .exec<{ card: string }>("SELECT card FROM cards WHERE request = ? AND recipient = ?", requestId, whom)
      .toArray();
    if (known !== undefined) return { status: "replayed", cardId: known.card };
    const { limit, drawn } = this.#sql
      .exec<{ limit: number; drawn: number }>(
        `SELECT (SELECT per_recipient FROM settings) AS "limit", (SELECT count(*) FROM cards WHERE recipient = ?) AS drawn`,
        whom,
      )
      .one();
    if (whom !== "" && drawn >= limit) return { status: "limit_reached", cardId: null };
    const [taken] = this.#sql.exec<{ prize: string }>("DELETE FROM stock WHERE id = (SELECT min(id) FROM stock) RETURNING prize").toArray();
    if (taken === undefined) return { status: "sold_out", cardId: null };
    const cardId = crypto.randomUUID();
    const now = Date.now();
    this.#sql.exec(
      "INSERT INTO cards (card, request, recipient, prize, state, issued_at) VALUES (?, ?, ?, ?, 'issued', ?)",
      cardId,
      requestId,
      whom,
      taken.prize,
      now,
    );
    this.#sql.exec(
      "INSERT INTO outbox (event) VALUES (?)",
      JSON.stringify({ type: "issued", card: cardId, prize: taken.prize, request: requestId, recipient: whom, at: now }),
    );
    return { status: "issued", cardId };
  }

  async card(cardId: string): Promise<NaiveCard | null> {
    const [card] = this.#sql
      .exec<{ requestId: string; state: string }>("SELECT request AS requestId, state FROM cards WHERE card = ?", cardId)
      .toArray();
    return card ?? null;
  }
}

export const naiveObject: NaiveDesign<NaiveObjectEnv> = {
  card: (env, campaign, cardId) => env.NAIVE_POOL.getByName(campaign).card(cardId),
  load: (env, campaign, loading) => env.NAIVE_POOL.getByName(campaign).load(loading),
  draw: (env, campaign, draws) => {
    const pool = env.NAIVE_POOL.getByName(campaign);
    return Promise.all(draws.map((draw) => pool.draw(draw)));
  },
};
