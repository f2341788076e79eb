import { env } from "cloudflare:workers";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { accessToken, answerOf, call, problemOf, publishedCampaign, standInPlatforms } from "../edge.fixture.ts";

const tokens = new Map<string, string>();
beforeAll(async () => {
  const platforms = await standInPlatforms();
  for (const role of ["operator", "care", "viewer"]) tokens.set(role, await accessToken(platforms, `${role}@example.com`, role));
});

function exportAs(role: string, campaign: string): Promise<Response> {
  return call(`/admin/v1/export/cards.csv?campaign=${campaign}`, { headers: { "cf-access-jwt-assertion": tokens.get(role) ?? "" } });
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
    const response = await exportAs("operator", campaign);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toContain(`${campaign}-cards.csv`);
    const rows = parse(await response.text(), { columns: true }) as Record<string, string>[];
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
    for (const role of ["viewer", "care"]) expect(await problemOf(await exportAs(role, campaign))).toBe("forbidden");
    expect((await (await exportAs("operator", campaign)).text()).split("\r\n")).toHaveLength(2);
    const { entries } = await answerOf<{ entries: { action: string; subject: string; actor: string }[] }>(
      await call("/admin/v1/audit", { headers: { "cf-access-jwt-assertion": tokens.get("viewer") ?? "" } }),
    );
    expect(entries.filter(({ subject }) => subject === campaign)).toMatchObject([
      { action: "cards.export", actor: "operator@example.com" },
    ]);
    expect(await problemOf(await exportAs("operator", "No Campaign"))).toBe("invalid_request");
  });
});
