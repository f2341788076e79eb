/**
 * Brings an object's SQLite up to date: `migrations` only ever grows at its end. Each runs once, in order, within one transaction.
 * Throws if what was applied before is not the beginning of the list, for then history was edited.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly string[]): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec("CREATE TABLE IF NOT EXISTS migrations (n INTEGER PRIMARY KEY, statements TEXT NOT NULL) STRICT");
    const applied = sql.exec<{ n: number; statements: string }>("SELECT n, statements FROM migrations ORDER BY n").toArray();
    for (const { n, statements } of applied) {
      if (migrations[n] !== statements) throw new Error(`migration ${n} was edited after it had been applied`);
    }
    for (const [n, statements] of migrations.entries()) {
      if (n < applied.length) continue;
      sql.exec(statements);
      sql.exec("INSERT INTO migrations (n, statements) VALUES (?, ?)", n, statements);
    }
  });
}
