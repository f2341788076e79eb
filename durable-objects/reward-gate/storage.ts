import { migrate } from "../migrate.ts";
import { CLOSED } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";

/** The row is there while the breaker is not closed. */
const MIGRATIONS = [
  "CREATE TABLE breaker (id INTEGER PRIMARY KEY CHECK (id = 0), open_until_ms INTEGER NOT NULL, rests INTEGER NOT NULL) STRICT;",
];

/** The gate's SQL. Only an open breaker is kept; one that was probing begins to probe anew. */
export class GateStorage {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#sql = storage.sql;
  }

  breaker(): Breaker {
    const [row] = this.#sql.exec<{ open_until_ms: number; rests: number }>("SELECT open_until_ms, rests FROM breaker").toArray();
    return row === undefined ? CLOSED : { state: "open", untilMs: row.open_until_ms, rests: row.rests };
  }

  /** To be called when the breaker went from one state to another, or rests longer. */
  keepBreaker(breaker: Breaker): void {
    switch (breaker.state) {
      case "closed":
        this.#sql.exec("DELETE FROM breaker");
        return;
      case "open":
        this.#sql.exec(
          `INSERT INTO breaker (id, open_until_ms, rests) VALUES (0, ?, ?)
           ON CONFLICT (id) DO UPDATE SET open_until_ms = excluded.open_until_ms, rests = excluded.rests`,
          breaker.untilMs,
          breaker.rests,
        );
        return;
      case "half-open":
        return;
    }
  }
}
