import { migrate } from "../migrate.ts";
import { CLOSED } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";

/** The row is there while the breaker is not closed. */
const MIGRATIONS = [
  "CREATE TABLE breaker (id INTEGER PRIMARY KEY CHECK (id = 0), open_until_ms INTEGER NOT NULL, rests INTEGER NOT NULL) STRICT;",
  `ALTER TABLE breaker ADD COLUMN share REAL NOT NULL DEFAULT 1;
   ALTER TABLE breaker ADD COLUMN failures TEXT NOT NULL DEFAULT '[]';`,
];

interface BreakerRow extends Record<string, SqlStorageValue> {
  readonly open_until_ms: number;
  readonly rests: number;
  readonly share: number;
  /** JSON array of times. */
  readonly failures: string;
}

/** The gate's SQL. Only an open breaker is kept; one that was probing begins to probe anew. */
export class GateStorage {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#sql = storage.sql;
  }

  breaker(): Breaker {
    const [row] = this.#sql.exec<BreakerRow>("SELECT open_until_ms, rests, share, failures FROM breaker").toArray();
    if (row === undefined) return CLOSED;
    const { open_until_ms: untilMs, rests, share } = row;
    return { state: "open", untilMs, rests, share, failures: JSON.parse(row.failures) as readonly number[] };
  }

  /** To be called when the breaker went from one state to another, or rests longer. */
  keepBreaker(breaker: Breaker): void {
    switch (breaker.state) {
      case "closed":
        this.#sql.exec("DELETE FROM breaker");
        return;
      case "open":
        this.#sql.exec(
          `INSERT INTO breaker (id, open_until_ms, rests, share, failures) VALUES (0, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET open_until_ms = excluded.open_until_ms, rests = excluded.rests,
             share = excluded.share, failures = excluded.failures`,
          breaker.untilMs,
          breaker.rests,
          breaker.share,
          JSON.stringify(breaker.failures),
        );
        return;
      case "half-open":
        return;
    }
  }
}
