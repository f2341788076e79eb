import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { hashBlock } from "../block.ts";
import { drawOf, openCampaign } from "../campaign.fixture.ts";
import type { CardEvent } from "../protocol.ts";

type Row = Record<string, SqlStorageValue>;

/** A row of today's, as the first layout had it. */
function asOfFirstLayout(table: string, row: Row): Row {
  switch (table) {
    case "issuer":
      return { ...row, sealed_row: 1, swept_seq: 0 };
    case "leases":
      return { ...row, next: 5 };
    case "cards": {
      const { drawn, ...rest } = row;
      const [request, recipient, drawn_for, metadata, prize, segment, position, code] = JSON.parse(drawn as string) as SqlStorageValue[];
      return { ...rest, request, recipient, drawn_for, metadata, prize, segment, position, code } as Row;
    }
    default:
      return row;
  }
}

it("takes over what an issuer of the first layout has stored: cards, a lease half used, a block not acknowledged, events in none", async () => {
  const campaign = await openCampaign({ coupon: 40 }, { limits: { perRecipient: 1, perRecipientPerDay: null } });
  const draws = Array.from({ length: 5 }, (_, i) => drawOf(`r${i}`, { recipient: `somebody ${i}` }));
  const before = await campaign.draw(draws);
  const ids = before.flatMap((result) => ("cardId" in result ? [result.cardId] : []));
  const tally = () => campaign.issuer().tally({ campaign: campaign.id, shard: 0 });
  const outstanding = async () => {
    const { unsettledBlocks, unpackedEvents } = await tally();
    return unsettledBlocks + unpackedEvents;
  };
  await expect.poll(outstanding).toBe(0);

  const revealed = (card: string): string => {
    const event: CardEvent = { type: "revealed", at: Date.now(), card, version: 2, prize: "coupon", user: "alice" };
    return `${JSON.stringify(event)}\n`;
  };
  const [inBlock, inNone] = [revealed(ids[0] ?? ""), revealed(ids[1] ?? "")];
  await runInDurableObject(campaign.issuerStub(), (_, { storage: { sql } }) => {
    const all = (table: string) => sql.exec(`SELECT * FROM ${table}`).toArray();
    const [first] = sql.exec<{ statements: string }>("SELECT statements FROM migrations WHERE n = 0").toArray();
    const kept = ["issuer", "delivered", "givebacks", "card_keys", "leases", "cards"].map((table) => [table, all(table)] as const);
    for (const [table] of kept) sql.exec(`DROP TABLE ${table}`);
    for (const table of ["index_pages", "index_stretches", "bodies", "pending", "blocks", "sweeps"]) sql.exec(`DROP TABLE ${table}`);
    sql.exec("DELETE FROM migrations WHERE n > 0");
    sql.exec(first?.statements ?? "");
    for (const [table, rows] of kept) {
      for (const { indexed_seq: _indexed, sealed_seq: _sealed, first_seq: _first, ...row } of rows) {
        const old = asOfFirstLayout(table, row);
        const columns = Object.keys(old);
        sql.exec(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`, ...Object.values(old));
      }
    }
    const { last_block: last, last_hash: prev } = sql
      .exec<{ last_block: number; last_hash: string }>("SELECT last_block, last_hash FROM issuer")
      .one();
    for (const [row, body] of [inBlock, inNone].entries()) {
      sql.exec("INSERT INTO outbox (row, events, bytes, body) VALUES (?, 1, ?, ?)", row + 1, body.length, body);
    }
    const hash = hashBlock(prev, inBlock);
    sql.exec("INSERT INTO blocks VALUES (?, 1, 1, 1, ?, ?, 1, 0)", last + 1, prev, hash);
    sql.exec("UPDATE issuer SET last_block = ?, last_hash = ?", last + 1, hash);
  });
  await abortAllDurableObjects();

  expect((await campaign.draw(draws)).map(({ status }) => status)).toEqual(draws.map(() => "replayed"));
  const [again] = await campaign.draw([drawOf("another", { recipient: "somebody 0" })]);
  expect(again?.status).toBe("limit_reached");
  const rest = await campaign.draw(Array.from({ length: 36 }, (_, i) => drawOf(`late ${i}`)));
  expect(rest.filter(({ status }) => status === "issued")).toHaveLength(35);
  await expect.poll(outstanding).toBe(0);
  const { results } = await env.LEDGER.prepare(
    "SELECT count(*) AS cards, count(DISTINCT position) AS places, sum(state = 'revealed') AS revealed FROM cards WHERE campaign = ?",
  )
    .bind(campaign.id)
    .all();
  expect(results).toEqual([{ cards: 40, places: 40, revealed: 2 }]);
});
