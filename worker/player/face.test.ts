import { describe, expect, it } from "vitest";
import { campaignFileSchema } from "../campaign/schema.ts";
import type { CampaignSnapshot } from "../campaign/schema.ts";
import type { LedgerCard } from "../ledger/queries.ts";
import { campaignFace, campaignFaceJson, prizeFaceOf } from "./face.ts";
import { ownCard } from "./get-own-cards.ts";
import { bootOf, campaignOfPage, contentPolicy, withBoot } from "./page.ts";
import { themeOf } from "./theme.ts";

const file = campaignFileSchema.parse({
  id: "spring",
  title: { en: "</script><script>alert(1)</script>" },
  timezone: "Asia/Taipei",
  startsAt: "2027-02-05T12:00:00Z",
  endsAt: "2027-02-20T16:00:00Z",
  line: { channelId: "2000000000", liffId: "2000000000-abcdefgh" },
  expectedPeakPerSecond: 100,
  prizes: [
    {
      id: "points",
      kind: "webhook",
      name: { en: "Points" },
      image: "https://img.test/p.png",
      params: { provider: "points", secretRate: 3 },
    },
    { id: "thanks", kind: "none", name: { en: "Thank you" } },
  ],
});
const snapshot: CampaignSnapshot = { file, version: 1, shards: 2, ledgers: 1 };

describe("a face", () => {
  it("shows the prizes without what their provider is told", () => {
    expect(campaignFace(snapshot).prizes).toEqual([
      { id: "points", kind: "webhook", name: { en: "Points" }, image: "https://img.test/p.png" },
      { id: "thanks", kind: "none", name: { en: "Thank you" } },
    ]);
    expect(JSON.stringify(campaignFace(snapshot))).not.toContain("secretRate");
  });

  it("is written as its JSON, once a snapshot", () => {
    const written = campaignFaceJson(snapshot);
    expect(JSON.parse(new TextDecoder().decode(written))).toEqual(campaignFace(snapshot));
    expect(campaignFaceJson(snapshot)).toBe(written);
  });

  it("of a prize newer than the snapshot is its id", () => {
    expect(prizeFaceOf(snapshot, { prize: "extra", kind: "coupon" })).toEqual({ id: "extra", kind: "coupon", name: { en: "extra" } });
  });
});

describe("an own card", () => {
  const settled = (card: Partial<LedgerCard>) =>
    ownCard(snapshot, { card: "c", state: "issued", prize: "points", issuedAt: 0, ...card } as LedgerCard);
  const never = { expiresAt: null, revealedAt: null, redeemedAt: null };

  it("says its prize once it was revealed, in whatever state it is then", () => {
    expect(settled({ ...never })).toEqual({ cardId: "c", state: "issued", issuedAt: "1970-01-01T00:00:00.000Z" });
    for (const state of ["expired", "voided"] as const) expect(settled({ ...never, state })).not.toHaveProperty("prize");
    for (const state of ["revealed", "redeemed", "expired"] as const) {
      expect(settled({ ...never, state, revealedAt: 1 })).toMatchObject({ state, prize: { id: "points" } });
    }
  });
});

describe("the page", () => {
  it("carries its campaign, which cannot end the script that carries it", () => {
    const html = withBoot("<html><head><title>Kuji</title></head><body></body></html>", bootOf(snapshot, "", 0));
    const [, json = ""] = /<script type="application\/json" id="kuji-boot">(.*?)<\/script>/.exec(html) ?? [];
    expect(JSON.parse(json)).toEqual({
      campaign: "spring",
      liffId: "2000000000-abcdefgh",
      channelId: "2000000000",
      title: file.title,
      texts: {},
      theme: themeOf({}),
      dates: { startsAt: file.startsAt, endsAt: file.endsAt, timezone: file.timezone },
      prizes: campaignFace(snapshot).prizes,
      selfService: false,
      servedAt: "1970-01-01T00:00:00.000Z",
    });
    expect(html.match(/<\/script>/g)).toHaveLength(1);
  });

  it("carries null where there is no campaign, and a `$` of a title as it is", () => {
    expect(withBoot("<head></head>", null)).toBe('<head><script type="application/json" id="kuji-boot">null</script></head>');
    const boot = { ...bootOf(snapshot, "", 0), title: { en: "$& $1 $$" } };
    expect(withBoot("<head></head>", boot)).toContain("$& $1 $$");
  });

  it("names a sandbox in development only, to the page and to its policy", () => {
    expect(bootOf(snapshot, "", 0)).not.toHaveProperty("sandboxOrigin");
    expect(bootOf(snapshot, "http://localhost:8788", 0)).toHaveProperty("sandboxOrigin", "http://localhost:8788");
    expect(contentPolicy("")).not.toContain("localhost");
    expect(contentPolicy("")).not.toMatch(/script-src[^;]*unsafe/);
    expect(contentPolicy("http://localhost:8788")).toMatch(/connect-src[^;]* http:\/\/localhost:8788(;|$)/);
  });

  it("knows its campaign from its address, and at LIFF's first step from liff.state", () => {
    const campaign = (address: string) => campaignOfPage(new URL(address, "https://kuji.test"));
    expect(campaign("/c/spring")).toBe("spring");
    expect(campaign("/c/spring/card-1?x=1")).toBe("spring");
    expect(campaign("/?liff.state=%2Fc%2Fspring%2Fcard-1")).toBe("spring");
    expect(campaign("/?liff.state=%2Felsewhere")).toBeNull();
    expect(campaign("/")).toBeNull();
    expect(campaign("/c/")).toBeNull();
  });
});
