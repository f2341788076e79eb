import { NaivePool as Pool } from "../../../peers/worker/naive-object.ts";
import type { NaiveResult } from "../../../peers/worker/signed-draws.ts";
import type { Draw } from "../../../../durable-objects/protocol.ts";
import { count, countRequests, countRows } from "../count.ts";
import type { NaiveEvent } from "./ledger.ts";

export interface NaiveLifeEnv extends Env {
  readonly NAIVE_POOL: DurableObjectNamespace<NaivePool>;
  readonly NAIVE_EVENTS: Queue<NaiveEvent>;
  readonly NAIVE_LEDGER: D1Database;
}

export interface NaiveFace {
  readonly card: string;
  readonly prize: string;
  readonly state: string;
}

/** Messages that one call sends; a queue takes no more. */
const MAX_SENT = 100;

/**
 * The whole life of a card in the first Durable Object that comes to mind: a call and its rows for each step, and each event a message of its own. Nothing that
 * was answered is lost: an event is a row until it was sent.
 */
class LifePool extends Pool {
  protected readonly queue: Queue<NaiveEvent>;

  constructor(ctx: DurableObjectState, env: NaiveLifeEnv) {
    super(ctx, env);
    this.queue = env.NAIVE_EVENTS;
    const columns = ctx.storage.sql.exec("SELECT name FROM pragma_table_info('cards') WHERE name = 'line_user'").toArray();
    if (columns.length === 0) ctx.storage.sql.exec("ALTER TABLE cards ADD COLUMN line_user TEXT");
  }

  override async draw(draw: Draw): Promise<NaiveResult> {
    const result = await super.draw(draw);
    await this.#wake();
    return result;
  }

  async face(card: string): Promise<NaiveFace> {
    return this.ctx.storage.sql
      .exec<{ card: string; prize: string; state: string }>("SELECT card, prize, state FROM cards WHERE card = ?", card)
      .one();
  }

  async reveal(card: string, lineUser: string): Promise<void> {
    await this.#step({ type: "revealed", card, lineUser, at: Date.now() });
  }

  async redeem(card: string): Promise<void> {
    await this.#step({ type: "redeemed", card, at: Date.now() });
  }

  /** Sends what waits, and forgets it then. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage;
    const rows = sql.exec<{ id: number; event: string }>("SELECT id, event FROM outbox ORDER BY id LIMIT ?", MAX_SENT).toArray();
    const last = rows.at(-1);
    if (last === undefined) return;
    await this.queue.sendBatch(rows.map(({ event }) => ({ body: JSON.parse(event) as NaiveEvent })));
    count("naive events: messages", rows.length);
    sql.exec("DELETE FROM outbox WHERE id <= ?", last.id);
    await this.#wake();
  }

  async #step(event: NaiveEvent): Promise<void> {
    const { sql } = this.ctx.storage;
    const lineUser = event.type === "revealed" ? event.lineUser : null;
    sql.exec("UPDATE cards SET state = ?, line_user = coalesce(?, line_user) WHERE card = ?", event.type, lineUser, event.card);
    sql.exec("INSERT INTO outbox (event) VALUES (?)", JSON.stringify(event));
    await this.#wake();
  }

  async #wake(): Promise<void> {
    const { storage } = this.ctx;
    const waiting = storage.sql.exec<{ waiting: number }>("SELECT EXISTS (SELECT 1 FROM outbox) AS waiting").one().waiting;
    if (waiting === 1 && (await storage.getAlarm()) === null) await storage.setAlarm(Date.now());
  }
}

export class NaivePool extends LifePool {
  constructor(ctx: DurableObjectState, env: NaiveLifeEnv) {
    countRows("naive pool", ctx);
    super(ctx, env);
  }
}
countRequests("naive pool", NaivePool.prototype, LifePool.prototype);
