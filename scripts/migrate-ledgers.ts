import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { ROOT, runWrangler } from "./wrangler.ts";

const CONFIG = join(ROOT, "wrangler.toml");

/** The ledgers that `wrangler.toml` binds, by the names of their bindings. `environment`: one of its `[env]`s; its top level when it is not given. */
export function boundLedgers(environment?: string): string[] {
  const { d1_databases: databases } = unstable_readConfig({
    config: CONFIG,
    ...(environment === undefined ? {} : { env: environment }),
  }) as { readonly d1_databases: readonly BoundDatabase[] };
  return ledgersAmong(databases);
}

export interface BoundDatabase {
  readonly binding: string;
  readonly database_id?: string;
}

/** Those of the databases that are ledgers. Throws where the app would not take them as they are meant: a number is left out, or two are one database. */
export function ledgersAmong(databases: readonly BoundDatabase[]): string[] {
  const ledgers = databases.filter(({ binding }) => /^LEDGER(_\d+)?$/.test(binding));
  const names = ledgers.map(({ binding }) => binding);
  for (const wanted of names.map((_, nth) => (nth === 0 ? "LEDGER" : `LEDGER_${nth + 1}`))) {
    if (!names.includes(wanted))
      throw new Error(`wrangler.toml binds ${names.join(", ")}, and not ${wanted}: ledgers are numbered without a gap`);
  }
  for (const [id, same] of Map.groupBy(ledgers, ({ database_id }) => database_id)) {
    if (id !== undefined && same.length > 1)
      throw new Error(`${same.map(({ binding }) => binding).join(" and ")} are the same database in wrangler.toml, ${id}`);
  }
  return names;
}

/** Applies to each ledger the migrations that it lacks. `where`: further arguments of wrangler, that say which state is meant. */
export async function migrateLedgers(where: (args: readonly string[]) => readonly string[], environment?: string): Promise<void> {
  for (const ledger of boundLedgers(environment)) await runWrangler(where(["d1", "migrations", "apply", ledger]));
}
