import { env } from "cloudflare:workers";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import * as schema from "./schema.ts";

const tables = Object.values(schema)
  .filter((table) => table instanceof SQLiteTable)
  .map((table) => getTableConfig(table));

describe("the D1 migrations and the drizzle schema", () => {
  it("make the same tables", async () => {
    const { results } = await env.LEDGER.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name <> 'd1_migrations'",
    ).all<{ name: string }>();
    expect(results.map(({ name }) => name).sort()).toEqual(tables.map(({ name }) => name).sort());
  });

  it.each(tables)("agree on the columns, keys and indexes of $name", async ({ name, columns, indexes, primaryKeys }) => {
    const made = await env.LEDGER.prepare('SELECT name, type, "notnull" AS required, pk FROM pragma_table_info(?)')
      .bind(name)
      .all<{ name: string; type: string; required: number; pk: number }>();
    const key =
      primaryKeys[0]?.columns.map((column) => column.name) ?? columns.filter((column) => column.primary).map((column) => column.name);
    expect(made.results).toEqual(
      columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        required: column.notNull ? 1 : 0,
        pk: key.indexOf(column.name) + 1,
      })),
    );
    const listed = await env.LEDGER.prepare("SELECT name FROM pragma_index_list(?) WHERE origin = 'c'").bind(name).all<{ name: string }>();
    expect(listed.results.map((index) => index.name).sort()).toEqual(indexes.map(({ config }) => config.name).sort());
    const { results } = await env.LEDGER.prepare("SELECT strict FROM pragma_table_list WHERE name = ?")
      .bind(name)
      .all<{ strict: number }>();
    expect(results).toEqual([{ strict: 1 }]);
  });
});
