import { expect, it } from "vitest";
import { boundLedgers, ledgersAmong } from "./migrate-ledgers.ts";

it("the ledgers to be migrated are those that wrangler.toml binds, here and in production", () => {
  expect(boundLedgers()).toEqual(["LEDGER"]);
  expect(boundLedgers("production")).toEqual(["LEDGER"]);
});

const bound = (...bindings: string[]) => bindings.map((binding, i) => ({ binding, database_id: `id-${i}` }));

it("ledgers are numbered without a gap, each a database of its own, or it is said what is wrong", () => {
  expect(ledgersAmong(bound("LEDGER", "OTHER", "LEDGER_3", "LEDGER_2"))).toEqual(["LEDGER", "LEDGER_3", "LEDGER_2"]);
  expect(() => ledgersAmong(bound("LEDGER", "LEDGER_3"))).toThrow("wrangler.toml binds LEDGER, LEDGER_3, and not LEDGER_2");
  expect(() => ledgersAmong(bound("LEDGER_1", "LEDGER_2"))).toThrow("not LEDGER:");
  const [first, second] = [
    { binding: "LEDGER", database_id: "a" },
    { binding: "LEDGER_2", database_id: "a" },
  ];
  expect(() => ledgersAmong([first, second])).toThrow("LEDGER and LEDGER_2 are the same database in wrangler.toml, a");
});
