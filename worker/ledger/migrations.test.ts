import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";

const FOLDER = "migrations";
const MINUTE = Date.parse("2027-02-05T12:00:00Z");

/** A ledger as the migrations up to `last` make it; `migrate` applies the later ones. */
function ledgerAt(last: string): { readonly db: DatabaseSync; readonly migrate: () => void } {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".sql"));
  const apply = (names: readonly string[]) => names.forEach((name) => db.exec(readFileSync(join(FOLDER, name), "utf8")));
  const db = new DatabaseSync(":memory:");
  apply(files.filter((name) => name <= last));
  return { db, migrate: () => apply(files.filter((name) => name > last)) };
}

it("the counters of an older ledger tell fallback cards and the outcomes of rewards afterwards, too", () => {
  const { db, migrate } = ledgerAt("0002_redrives.sql");
  db.exec(`
    INSERT INTO cards (card, campaign, shard, version, state, prize, segment, issued_at) VALUES
      ('a', 'c', 0, 3, 'redeemed', 'points', 'first.csv', ${MINUTE}), ('b', 'c', 0, 3, 'redeemed', 'points', NULL, ${MINUTE + 59_999}),
      ('d', 'c', 0, 3, 'redeemed', 'points', NULL, ${MINUTE + 60_000}), ('e', 'c', 0, 3, 'redeemed', 'points', NULL, NULL);
    INSERT INTO minute_counters (campaign, minute, type, prize, count) VALUES
      ('c', ${MINUTE}, 'issued', 'points', 2), ('c', ${MINUTE + 60_000}, 'issued', 'points', 1);
    INSERT INTO rewards (card, campaign, prize, kind, line_user, status, attempts, created_at, granted_at) VALUES
      ('a', 'c', 'points', 'webhook', 'U', 'granted', 1, ${MINUTE}, ${MINUTE + 61_000}), ('b', 'c', 'points', 'webhook', 'U', 'failed', 1, ${MINUTE}, NULL),
      ('d', 'c', 'points', 'webhook', 'U', 'pending', 1, ${MINUTE}, NULL);
  `);
  migrate();
  const counters = db
    .prepare("SELECT minute - ? AS ms, type, count FROM minute_counters WHERE count <> 0 ORDER BY minute, type")
    .all(MINUTE);
  expect(counters.map((row) => ({ ...row }))).toEqual([
    { ms: 0, type: "issued", count: 1 },
    { ms: 0, type: "issued_as_fallback", count: 1 },
    { ms: 0, type: "reward_failed", count: 1 },
    { ms: 60_000, type: "issued_as_fallback", count: 1 },
    { ms: 60_000, type: "reward_granted", count: 1 },
  ]);
  const [failed] = db.prepare("SELECT failed_at FROM rewards WHERE status = 'failed'").all();
  expect({ ...failed }).toEqual({ failed_at: MINUTE });
});

it("the cards and rewards of an older ledger are all there under their new keys", () => {
  const { db, migrate } = ledgerAt("0009_rewards_before.sql");
  db.exec(`
    INSERT INTO cards (card, campaign, shard, version, state, prize, request, recipient, line_user, metadata, segment, position, code, issued_at, expires_at,
      revealed_at, redeemed_at, used_at, ended_at, reason, store, till, returned) VALUES
      ('b', 'c', 1, 4, 'used', 'code', 'q', 'r', 'U', '{}', 'first.csv', 7, 'CAFE', 1, 2, 3, 4, 5, NULL, NULL, 'Ximen', '2', NULL),
      ('a', 'd', 0, 2, 'voided', 'points', 'q', NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, 6, 'lost', NULL, NULL, 1);
    INSERT INTO rewards (card, campaign, prize, kind, line_user, recipient, status, attempts, created_at, next_attempt_at, granted_at, last_error, receipt,
      redrives, failed_at) VALUES
      ('b', 'c', 'code', 'code', 'U', 'r', 'granted', 1, 4, NULL, 5, NULL, '{}', 2, NULL),
      ('a', 'd', 'points', 'webhook', 'U', NULL, 'failed', 28, 4, NULL, NULL, 'no', NULL, 0, 9);
  `);
  const rows = (table: string) => db.prepare(`SELECT * FROM ${table} ORDER BY card`).all();
  const before = [rows("cards"), rows("rewards")];
  migrate();
  expect([rows("cards"), rows("rewards")]).toEqual(before);
});
