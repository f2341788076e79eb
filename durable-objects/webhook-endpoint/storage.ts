import { migrate } from "../migrate.ts";
import type { DeliveryView, DeliveryState, EndpointAddress, EndpointReport, OutgoingEvent } from "../protocol.ts";
import type { Work } from "./alarm.ts";
import type { Chunk, ClosedChunk, CourierStore, Outcome, Retry } from "./courier.ts";
import { WELL } from "./health.ts";
import type { Health } from "./health.ts";
import { GIVE_UP_AFTER_MS } from "./retry.ts";

/** `chunks`, `log`: some events a row, for rows are what storage costs. `heard`: sources taken. */
const MIGRATIONS = [
  `CREATE TABLE endpoint (
     id INTEGER PRIMARY KEY CHECK (id = 0), address TEXT, health TEXT NOT NULL, delivered INTEGER NOT NULL,
     missed INTEGER NOT NULL, missed_first INTEGER, missed_last INTEGER
   ) STRICT;
   CREATE TABLE heard (source TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE chunks (chunk INTEGER PRIMARY KEY AUTOINCREMENT, heard_at INTEGER NOT NULL, count INTEGER NOT NULL, events TEXT NOT NULL) STRICT;
   CREATE TABLE retries (
     id TEXT PRIMARY KEY, type TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
     heard_at INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, answer TEXT NOT NULL
   ) STRICT;
   CREATE INDEX retries_due ON retries (due_at);
   CREATE TABLE log (entry INTEGER PRIMARY KEY AUTOINCREMENT, outcomes TEXT NOT NULL) STRICT;`,
];

/** Events in one row; a bound on what a crash sends twice, too. An event is some 300 bytes. */
const EVENTS_A_CHUNK = 32;
/** Rows of the log: what an operator looks back at. */
const LOG_ROWS = 200;
/** A source is sent again within minutes if at all; its row in the ledger backs off to an hour. */
const HEARD_FOR_MS = 7 * 24 * 3_600_000;
/** Beyond the last attempt: a rest may have held it up. */
const LAST_ATTEMPT_SLACK_MS = 24 * 3_600_000;

type ChunkRow = { chunk: number; heard_at: number; events: string };
type RetryRow = { id: string; type: string; at: number; body: string; heard_at: number; attempts: number; due_at: number; answer: string };
type Missed = EndpointReport["missed"];

/** The endpoint's SQL. */
export class EndpointStorage implements CourierStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec("INSERT OR IGNORE INTO endpoint (id, health, delivered, missed) VALUES (0, ?, 0, 0)", JSON.stringify(WELL));
  }

  address(): EndpointAddress | null {
    const { address } = this.#sql.exec<{ address: string | null }>("SELECT address FROM endpoint").one();
    return address === null ? null : (JSON.parse(address) as EndpointAddress);
  }

  keepAddress(address: EndpointAddress): void {
    this.#sql.exec("UPDATE endpoint SET address = ?", JSON.stringify(address));
  }

  health(): Health {
    return JSON.parse(this.#sql.exec<{ health: string }>("SELECT health FROM endpoint").one().health) as Health;
  }

  keepHealth(health: Health): void {
    this.#sql.exec("UPDATE endpoint SET health = ?", JSON.stringify(health));
  }

  /** Keeps the events of a source that is not known yet, as chunks. False: it was known. */
  hear(source: string, events: readonly OutgoingEvent[], nowMs: number): boolean {
    if (this.#sql.exec("INSERT OR IGNORE INTO heard (source, at) VALUES (?, ?)", source, nowMs).rowsWritten === 0) return false;
    for (let first = 0; first < events.length; first += EVENTS_A_CHUNK) {
      const some = events.slice(first, first + EVENTS_A_CHUNK);
      this.#sql.exec("INSERT INTO chunks (heard_at, count, events) VALUES (?, ?, ?)", nowMs, some.length, JSON.stringify(some));
    }
    return true;
  }

  chunks(after: number, limit: number): Chunk[] {
    return this.#sql
      .exec<ChunkRow>("SELECT chunk, heard_at, events FROM chunks WHERE chunk > ? ORDER BY chunk LIMIT ?", after, limit)
      .toArray()
      .map(({ chunk, heard_at, events }) => ({ chunk, heardAtMs: heard_at, events: JSON.parse(events) as OutgoingEvent[] }));
  }

  closeChunk({ chunk, left, outcomes, retries }: ClosedChunk): void {
    this.#storage.transactionSync(() => {
      if (left.length === 0) this.#sql.exec("DELETE FROM chunks WHERE chunk = ?", chunk);
      else this.#sql.exec("UPDATE chunks SET count = ?, events = ? WHERE chunk = ?", left.length, JSON.stringify(left), chunk);
      for (const retry of retries) this.keepRetry(retry);
      this.#log(outcomes);
    });
  }

  dueRetries(nowMs: number, limit: number): Retry[] {
    return this.#sql.exec<RetryRow>("SELECT * FROM retries WHERE due_at <= ? ORDER BY due_at LIMIT ?", nowMs, limit).toArray().map(retryOf);
  }

  keepRetry({ event: { id, type, at, body }, heardAtMs, attempts, dueAtMs, answer }: Retry): void {
    this.#sql.exec(
      `INSERT INTO retries (id, type, at, body, heard_at, attempts, due_at, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, answer = excluded.answer`,
      id,
      type,
      at,
      body,
      heardAtMs,
      attempts,
      dueAtMs,
      answer,
    );
  }

  closeRetry(outcome: Outcome): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM retries WHERE id = ?", outcome.id);
      this.#log([outcome]);
    });
  }

  forgetAll(): void {
    this.#sql.exec("DELETE FROM chunks");
    this.#sql.exec("DELETE FROM retries");
  }

  /** Gives up what has waited for longer than events are tried, and forgets sources that do not come again. */
  forgetOld(nowMs: number): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM heard WHERE at < ?", nowMs - HEARD_FOR_MS);
      const old = nowMs - GIVE_UP_AFTER_MS - LAST_ATTEMPT_SLACK_MS;
      const rows = this.#sql.exec<{ events: string }>("DELETE FROM chunks WHERE heard_at < ? RETURNING events", old).toArray();
      for (const { events } of rows) this.addMissed(JSON.parse(events) as OutgoingEvent[]);
      this.addMissed(this.#sql.exec<{ at: number }>("DELETE FROM retries WHERE heard_at < ? RETURNING at", old).toArray());
    });
  }

  addMissed(events: readonly { readonly at: number }[]): void {
    if (events.length === 0) return;
    const times = events.map(({ at }) => at);
    this.#sql.exec(
      `UPDATE endpoint SET missed = missed + ?1,
         missed_first = min(coalesce(missed_first, ?2), ?2), missed_last = max(coalesce(missed_last, ?3), ?3)`,
      times.length,
      times.reduce((a, b) => Math.min(a, b)),
      times.reduce((a, b) => Math.max(a, b)),
    );
  }

  waiting(): number {
    return this.#sql.exec<{ count: number }>("SELECT coalesce(sum(count), 0) AS count FROM chunks").one().count;
  }

  retrying(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM retries").one().count;
  }

  work(): Work {
    const { fresh, due } = this.#sql
      .exec<{ fresh: number; due: number | null }>(
        "SELECT EXISTS (SELECT 1 FROM chunks) AS fresh, (SELECT min(due_at) FROM retries) AS due",
      )
      .one();
    return { fresh: fresh === 1, dueAtMs: due };
  }

  counted(): { readonly delivered: number; readonly missed: Missed } {
    const row = this.#sql
      .exec<{
        delivered: number;
        missed: number;
        missed_first: number;
        missed_last: number;
      }>("SELECT delivered, missed, missed_first, missed_last FROM endpoint")
      .one();
    const missed = row.missed === 0 ? null : { events: row.missed, firstAtMs: row.missed_first, lastAtMs: row.missed_last };
    return { delivered: row.delivered, missed };
  }

  deliveries(state: DeliveryState, limit: number): DeliveryView[] {
    switch (state) {
      case "waiting": {
        const rows = this.#sql.exec<ChunkRow>("SELECT chunk, heard_at, events FROM chunks ORDER BY chunk DESC LIMIT ?", limit).toArray();
        const events = rows.flatMap(({ events: text }) => (JSON.parse(text) as OutgoingEvent[]).toReversed());
        return events.slice(0, limit).map(({ id, type, at }) => ({ id, type, state, atMs: at, attempts: 0, answer: null, whenMs: null }));
      }
      case "retrying": {
        const rows = this.#sql.exec<RetryRow>("SELECT * FROM retries ORDER BY due_at DESC LIMIT ?", limit).toArray();
        return rows.map(({ id, type, at, attempts, answer, due_at }) => ({ id, type, state, atMs: at, attempts, answer, whenMs: due_at }));
      }
      case "delivered":
      case "failed": {
        const rows = this.#sql.exec<{ outcomes: string }>("SELECT outcomes FROM log ORDER BY entry DESC").toArray();
        const outcomes = rows.flatMap(({ outcomes: text }) => (JSON.parse(text) as Outcome[]).toReversed());
        return outcomes
          .filter((outcome) => outcome.state === state)
          .slice(0, limit)
          .map(({ at, ...outcome }) => ({ ...outcome, atMs: at }));
      }
    }
  }

  #log(outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return;
    this.addMissed(outcomes.filter(({ state }) => state === "failed"));
    this.#sql.exec("UPDATE endpoint SET delivered = delivered + ?", outcomes.filter(({ state }) => state === "delivered").length);
    const { entry } = this.#sql
      .exec<{ entry: number }>("INSERT INTO log (outcomes) VALUES (?) RETURNING entry", JSON.stringify(outcomes))
      .one();
    this.#sql.exec("DELETE FROM log WHERE entry <= ?", entry - LOG_ROWS);
  }
}

function retryOf({ id, type, at, body, heard_at, attempts, due_at, answer }: RetryRow): Retry {
  return { event: { id, type, at, body }, heardAtMs: heard_at, attempts, dueAtMs: due_at, answer };
}
