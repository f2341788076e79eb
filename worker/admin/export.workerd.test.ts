import { env } from "cloudflare:workers";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { publishPrizes, seedRewards } from "../rewards/rewards.fixture.ts";
import { firstBreak, writeAudited } from "./audit.ts";
import { accessToken, answerOf, call, problemOf, publishedCampaign, standInPlatforms } from "../edge.fixture.ts";

const tokens = new Map<string, string>();
beforeAll(async () => {
  const platforms = await standInPlatforms();
  for (const role of ["operator", "care", "viewer"]) tokens.set(role, await accessToken(platforms, `${role}@example.com`, role));
});

function exportAs(role: string, file: string, query: Readonly<Record<string, string>>): Promise<Response> {
  const path = `/admin/v1/export/${file}.csv?${new URLSearchParams(query).toString()}`;
  return call(path, { headers: { "cf-access-jwt-assertion": tokens.get(role) ?? "" } });
}

async function rowsOf(file: string, query: Readonly<Record<string, string>>): Promise<Record<string, string>[]> {
  const response = await exportAs("operator", file, query);
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(response.headers.get("content-disposition")).toMatch(new RegExp(`^attachment; filename="[a-z0-9-]*${file}\\.csv"$`));
  return parse(await response.text(), { columns: true });
}

interface NotedEntry {
  readonly action: string;
  readonly subject: string;
  readonly actor: string;
  readonly after: unknown;
}

async function noted(subject: string): Promise<NotedEntry[]> {
  const path = "/admin/v1/audit";
  const { entries } = await answerOf<{ entries: NotedEntry[] }>(
    await call(path, { headers: { "cf-access-jwt-assertion": tokens.get("viewer") ?? "" } }),
  );
  return entries.filter((entry) => entry.subject === subject);
}

async function seedCards(campaign: string, count: number): Promise<void> {
  await env.LEDGER.prepare(
    `INSERT INTO cards (card, campaign, shard, version, state, prize, segment, position, recipient, issued_at)
     SELECT ?1 || '-' || value, ?1, 0, 1, 'issued', 'coupon', 'first.csv', value, '=HYPERLINK("x")', 1801828800000
     FROM json_each(?2)`,
  )
    .bind(campaign, JSON.stringify(Array.from({ length: count }, (_, i) => i)))
    .run();
}

describe("the export of cards", () => {
  it("has every card of the campaign once, over many slices, and no other's, and nothing that a spreadsheet would run", async () => {
    const [campaign, other] = [await publishedCampaign(), await publishedCampaign()];
    await seedCards(other, 50);
    await seedCards(campaign, 12_500);
    await seedCards(`${other}x`, 50);
    const rows = await rowsOf("cards", { campaign });
    expect(rows.map(({ card }) => card)).toEqual(Array.from({ length: 12_500 }, (_, i) => `${campaign}-${i}`).sort());
    expect(rows.find(({ card }) => card === `${campaign}-7`)).toMatchObject({
      campaign,
      state: "issued",
      prize: "coupon",
      segment: "first.csv",
      position: "7",
      returned: "",
      recipient: `'=HYPERLINK("x")`,
      issued_at: "2027-02-05T12:00:00.000Z",
      code: "",
    });
  });

  it("is for operators, and is noted", async () => {
    const campaign = await publishedCampaign();
    for (const role of ["viewer", "care"]) expect(await problemOf(await exportAs(role, "cards", { campaign }))).toBe("forbidden");
    expect(await rowsOf("cards", { campaign })).toEqual([]);
    expect(await noted(campaign)).toMatchObject([{ action: "cards.export", actor: "operator@example.com" }]);
    expect(await problemOf(await exportAs("operator", "cards", { campaign: "No Campaign" }))).toBe("invalid_request");
  });
});

describe("the export of rewards", () => {
  it("has every reward of the campaign once, over many slices, and no other's, and nothing that a spreadsheet would run", async () => {
    const [{ campaign }, { campaign: other }] = [await publishPrizes(), await publishPrizes()];
    await seedRewards(30, { campaign: other });
    const seeded = await seedRewards(10_300, { campaign });
    const odd = seeded[7]?.card ?? "";
    await env.LEDGER.prepare(
      "UPDATE rewards SET recipient = '+1', status = 'failed', failed_at = 1801828800000, last_error = '=1+1', redrives = 2 WHERE card = ?",
    )
      .bind(odd)
      .run();
    const rows = await rowsOf("rewards", { campaign });
    expect(rows.map(({ card }) => card)).toEqual(seeded.map(({ card }) => card).sort());
    expect(rows.find(({ card }) => card === odd)).toEqual({
      card: odd,
      campaign,
      prize: "points",
      kind: "webhook",
      line_user_id: "Ualice",
      recipient: "'+1",
      status: "failed",
      attempts: "0",
      redrives: "2",
      created_at: "1970-01-01T00:00:00.000Z",
      next_attempt_at: "",
      granted_at: "",
      failed_at: "2027-02-05T12:00:00.000Z",
      last_error: "'=1+1",
    });
  });

  it("is of one status where one is asked for, is for operators, and is noted", async () => {
    const { campaign } = await publishPrizes();
    await seedRewards(2, { campaign });
    const [failed] = await seedRewards(1, { campaign, status: "failed" });
    expect((await rowsOf("rewards", { campaign, status: "failed" })).map(({ card }) => card)).toEqual([failed?.card]);
    for (const role of ["viewer", "care"]) expect(await problemOf(await exportAs(role, "rewards", { campaign }))).toBe("forbidden");
    expect(await problemOf(await exportAs("operator", "rewards", { campaign, status: "lost" }))).toBe("invalid_request");
    expect(await problemOf(await exportAs("operator", "rewards", {}))).toBe("invalid_request");
    expect(await noted(campaign)).toMatchObject([{ action: "rewards.export", actor: "operator@example.com", after: { status: "failed" } }]);
  });
});

describe("the export of the audit log", () => {
  it("has every entry of the time, over many slices, and proves the chain to whoever has the file", async () => {
    for (let i = 0; i < 250; i++) {
      const act = { actor: "=cmd", action: "partner.put", subject: `p${i}`, before: null, after: { name: "=1+1" } };
      await writeAudited(env.LEDGER, async () => ({ act, statements: [], result: undefined }), Date.parse("2027-02-05T12:00:00Z") + i);
    }
    const rows = await rowsOf("audit", {});
    const entries = rows.map((row) => ({
      entry: Number(row["entry"]),
      at: Date.parse(row["at"] ?? ""),
      actor: (row["actor"] ?? "").replace(/^'=/, "="),
      action: row["action"] ?? "",
      subject: row["subject"] ?? "",
      before: row["before"] === "" ? null : (row["before"] ?? null),
      after: row["after"] === "" ? null : (row["after"] ?? null),
      prev: row["prev"] ?? "",
      hash: row["hash"] ?? "",
    }));
    expect(entries.map(({ entry }) => entry)).toEqual(entries.map((_, i) => i + 1));
    expect(firstBreak(entries)).toBeNull();
    expect(rows.find(({ subject }) => subject === "p3")).toMatchObject({ actor: "'=cmd", after: '{"name":"=1+1"}' });
    expect(rows.at(-1)).toMatchObject({ action: "audit.export", actor: "operator@example.com" });

    const range = { from: "2027-02-05T12:00:00.010Z", to: "2027-02-05T12:00:00.013Z" };
    expect((await rowsOf("audit", range)).map(({ subject }) => subject)).toEqual(["p10", "p11", "p12"]);
    expect((await noted("audit"))[0]).toMatchObject({ action: "audit.export", after: range });
  });

  it("is for operators", async () => {
    for (const role of ["viewer", "care"]) expect(await problemOf(await exportAs(role, "audit", {}))).toBe("forbidden");
    expect(await problemOf(await exportAs("operator", "audit", { from: "yesterday" }))).toBe("invalid_request");
  });
});
