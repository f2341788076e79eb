import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  accessToken,
  answerOf,
  call,
  loadStock,
  openedCampaign,
  ORIGIN,
  problemOf,
  publishedCampaign,
  standInPlatforms,
} from "../edge.fixture.ts";
import type { Call } from "../edge.fixture.ts";
import type { CardEvent } from "../../durable-objects/protocol.ts";
import { chainBlocks, deliver } from "../ledger/blocks.fixture.ts";
import { partnerKeyName } from "../partner/keys.ts";
import { ed25519Pair, hmacSigner, signed } from "../partner/signing.fixture.ts";
import type { Signing } from "../partner/signing.fixture.ts";
import { importObject } from "../pools/import.ts";

interface AuditPage {
  readonly entries: {
    readonly entry: number;
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
    before: unknown;
    after: unknown;
  }[];
  readonly brokenAt: number | null;
}
interface MadeKey {
  readonly keyId: string;
  readonly secret?: string;
}

const tokens = new Map<string, string>();
beforeAll(async () => {
  const platforms = await standInPlatforms();
  for (const role of ["operator", "care", "approver", "viewer", "stranger"]) {
    tokens.set(role, await accessToken(platforms, `${role}@example.com`, role));
  }
});

function as(role: string, path: string, { headers, ...rest }: Call = {}): Promise<Response> {
  return call(`/admin/v1${path}`, { ...rest, headers: { "cf-access-jwt-assertion": tokens.get(role) ?? "", ...headers } });
}

let partners = 0;
async function newPartner(campaigns: readonly string[] = ["*"]): Promise<string> {
  partners += 1;
  const id = `partner-${partners}`;
  await answerOf(await as("operator", "/partners", { method: "PUT", body: { id, name: "A partner", campaigns } }));
  return id;
}

async function addKey(partner: string, key: object): Promise<MadeKey> {
  return answerOf<MadeKey>(await as("operator", `/partners/${partner}/keys`, { method: "POST", body: key }), 201);
}

async function sendDraw(campaign: string, signing: Signing): Promise<Response> {
  const url = `${ORIGIN}/partner/v1/campaigns/${campaign}/draws`;
  return SELF.fetch(await signed(url, { method: "POST", body: '{"draws":[{"requestId":"r"}]}' }, signing));
}

async function auditOf(subject: string): Promise<AuditPage["entries"]> {
  const { entries } = await answerOf<AuditPage>(await as("viewer", "/audit?limit=200"));
  return entries.filter((entry) => entry.subject === subject);
}

describe("Access", () => {
  it("lets nobody in without a token, and nobody with a wrong one", async () => {
    expect(await problemOf(await call("/admin/v1/campaigns"))).toBe("access_token_invalid");
    expect(await problemOf(await call("/admin/v1/campaigns", { headers: { "cf-access-jwt-assertion": "a.b.c" } }))).toBe(
      "access_token_invalid",
    );
  });

  it("lets each role do what it may", async () => {
    const campaign = await publishedCampaign();
    const put = { method: "PUT", body: { id: "nobody", name: "Nobody", campaigns: [] } };
    expect(await problemOf(await as("stranger", "/campaigns"))).toBe("forbidden");
    for (const role of ["viewer", "care", "approver"]) {
      expect((await as(role, "/campaigns")).status).toBe(200);
      expect(await problemOf(await as(role, "/partners", put))).toBe("forbidden");
      expect(await problemOf(await as(role, `/campaigns/${campaign}/open`, { method: "POST" }))).toBe("forbidden");
    }
    expect(await problemOf(await as("viewer", "/care?q=x"))).toBe("forbidden");
    expect(await answerOf(await as("care", "/care?q=x"))).toEqual({ cards: [] });
  });

  it("refuses a write that another site made the operator's browser send", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const crossSite = { method: "POST", headers: { "sec-fetch-site": "cross-site" } };
    expect(await problemOf(await as("operator", `/campaigns/${campaign}/close`, crossSite))).toBe("forbidden");
    expect(await answerOf(await as("operator", `/campaigns/${campaign}`))).toMatchObject({ status: "open" });
  });
});

describe("a campaign", () => {
  it("is opened, paused, resumed and closed, each with its audit entry", async () => {
    const campaign = await publishedCampaign();
    const post = (verb: string) => as("operator", `/campaigns/${campaign}/${verb}`, { method: "POST" });
    expect(await problemOf(await post("open"))).toBe("campaign_state");
    await loadStock(campaign, { coupon: 5 });
    for (const [verb, status] of Object.entries({ open: "open", pause: "paused", resume: "open", close: "closed" })) {
      expect(await answerOf(await post(verb))).toMatchObject({ campaign, status, shards: expect.any(Array) });
      expect(await answerOf(await as("viewer", `/campaigns/${campaign}`))).toMatchObject({ campaign, status, file: { id: campaign } });
    }
    expect(await problemOf(await post("resume"))).toBe("campaign_state");
    expect(await problemOf(await as("operator", "/campaigns/nowhere/open", { method: "POST" }))).toBe("campaign_not_found");
    const entries = await auditOf(campaign);
    expect(entries.map(({ action }) => action).reverse()).toEqual(["campaign.open", "campaign.pause", "campaign.resume", "campaign.close"]);
    expect(entries[0]).toMatchObject({ actor: "operator@example.com", before: { status: "open" }, after: { status: "closed" } });
  });

  it("that is over is not opened", async () => {
    const [startsAt, endsAt] = [-7_200_000, -3_600_000].map((ms) => new Date(Date.now() + ms).toISOString());
    const campaign = await publishedCampaign({ startsAt, endsAt });
    await loadStock(campaign, { coupon: 5 });
    const refused = await as("operator", `/campaigns/${campaign}/open`, { method: "POST" });
    expect(await refused.clone().text()).toContain(`the campaign was over at ${endsAt}`);
    expect(await problemOf(refused)).toBe("campaign_state");
  });

  it("that nobody has uploaded anything for is not found, and a search for it is not noted", async () => {
    for (const path of ["/campaigns/nowhere/uploads", "/export/cards.csv?campaign=nowhere", "/export/rewards.csv?campaign=nowhere"]) {
      expect(await problemOf(await as("operator", path))).toBe("campaign_not_found");
    }
    expect(await problemOf(await as("operator", "/campaigns/nowhere/uploads/scan", { method: "POST" }))).toBe("campaign_not_found");
    expect(await auditOf("nowhere")).toEqual([]);
  });

  it("of which every upload was refused shows why", async () => {
    await env.POOLS.put("refused/campaign.json", "{}");
    const report = await answerOf<{ refused: object[] }>(await as("operator", "/campaigns/refused/uploads/scan", { method: "POST" }));
    expect(report.refused).toHaveLength(1);
    expect(await answerOf<{ uploads: object[] }>(await as("viewer", "/campaigns/refused/uploads"))).toMatchObject({
      uploads: [{ status: "refused" }],
    });
  });

  it("shows its stock, rewards and balance", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    expect(await answerOf(await as("viewer", `/campaigns/${campaign}/stock`))).toMatchObject({ soldOut: false });
    expect(await answerOf(await as("viewer", `/campaigns/${campaign}/rewards?status=failed`))).toEqual({ rewards: [], next: null });
    expect(await problemOf(await as("viewer", `/campaigns/${campaign}/rewards?status=lost`))).toBe("invalid_request");
    expect(await answerOf(await as("viewer", `/campaigns/${campaign}/invariants`))).toMatchObject({ campaign, differences: [] });
  });

  it("imports what was uploaded for it, and names what is wrong with the rest", async () => {
    const campaign = await publishedCampaign();
    await env.POOLS.put(`${campaign}/pools/good.csv`, "prize,quantity\ncoupon,3\n");
    await env.POOLS.put(`${campaign}/pools/bad.csv`, "prize,quantity\nunicorn,3\n");
    const report = await answerOf<{ imported: object[]; refused: object[] }>(
      await as("operator", `/campaigns/${campaign}/uploads/scan`, { method: "POST" }),
    );
    expect(report.imported).toEqual([{ object: `${campaign}/pools/good.csv`, cards: 3 }]);
    expect(report.refused).toMatchObject([{ object: `${campaign}/pools/bad.csv`, faults: [{ line: 2 }] }]);
    const { uploads } = await answerOf<{ uploads: object[] }>(await as("viewer", `/campaigns/${campaign}/uploads`));
    expect(uploads).toHaveLength(2);
    expect(uploads).toContainEqual(expect.objectContaining({ status: "imported", cards: 3 }));
    expect(uploads).toContainEqual(expect.objectContaining({ status: "refused", faults: [expect.objectContaining({ line: 2 })] }));
  });

  it("tells how far a large upload is", async () => {
    const campaign = await publishedCampaign();
    const key = `${campaign}/pools/large.csv`;
    const row = "coupon,1\n";
    await env.POOLS.put(key, `prize,quantity\n${row.repeat(2_000)}`);
    const nobody = { send: async () => ({}) } as unknown as Queue;
    await importObject({ ...env, POOL_UPLOADS: nobody }, key, Date.now(), { bytesPerStep: 10_000, steps: 1, forMs: 60_000 });
    const { importing } = await answerOf<{ importing: { rows: number }[] }>(await as("viewer", `/campaigns/${campaign}/uploads`));
    const rows = importing[0]?.rows ?? 0;
    expect(rows).toBeGreaterThan(1_000);
    const bytesRead = "prize,quantity\n".length + rows * row.length;
    expect(importing).toMatchObject([{ object: key, bytes: 18_015, bytesRead, codes: 0, checked: 0, startedAt: expect.any(String) }]);
  });
});

describe("a block that is not chained to those beside it", () => {
  it("is shown, and applied once an operator has accepted it, which is noted", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const event = (card: string): CardEvent => ({ type: "issued", at: Date.now(), card, version: 1, prize: "coupon", request: card });
    const [first] = chainBlocks(campaign, [[event(`${campaign}-1`)]]);
    const [, second] = chainBlocks(campaign, [[event(`${campaign}-2`)], [event(`${campaign}-3`)]]);
    if (first === undefined || second === undefined) throw new Error("no blocks");
    for (const block of [first, second]) await deliver([block]);
    const invariants = () => as("viewer", `/campaigns/${campaign}/invariants`);
    const { chainFaults } = await answerOf<{ chainFaults: { shard: number; block: number; kind: string; hash: string }[] }>(
      await invariants(),
    );
    expect(chainFaults).toMatchObject([{ shard: 0, block: 2, kind: "broken" }]);

    const body = { shard: 0, block: 2, hash: chainFaults[0]?.hash };
    const accept = (role: string, over = {}) =>
      as(role, `/campaigns/${campaign}/blocks/accept`, { method: "POST", body: { ...body, ...over } });
    expect(await problemOf(await accept("viewer"))).toBe("forbidden");
    expect(await problemOf(await accept("operator", { hash: "0".repeat(64) }))).toBe("block_not_found");
    expect(await problemOf(await accept("operator", { hash: "?" }))).toBe("invalid_request");
    expect(await answerOf(await accept("operator"))).toEqual({ campaign, ...body });
    expect(await problemOf(await accept("operator"))).toBe("block_not_found");
    expect(await auditOf(campaign)).toMatchObject([{ action: "block.accept", before: { block: 2, acceptedAt: null } }]);

    await deliver([second]);
    const { results } = await env.LEDGER.prepare("SELECT card FROM cards WHERE campaign = ? ORDER BY card").bind(campaign).all();
    expect(results).toEqual([{ card: `${campaign}-1` }, { card: `${campaign}-3` }]);
    expect(await answerOf(await invariants())).toMatchObject({ chainFaults: [] });
  });
});

describe("a partner's key", () => {
  it("of ed25519 signs from then on, until it is revoked", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const partner = await newPartner([campaign]);
    const { publicKey, signer } = await ed25519Pair();
    const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey]).toString("base64");
    const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`;
    const keyId = `${partner}-ed25519`;
    expect(await addKey(partner, { algorithm: "ed25519", keyId, publicKey: pem })).not.toHaveProperty("secret");
    expect((await sendDraw(campaign, { keyId, signer })).status).toBe(200);
    expect(await problemOf(await sendDraw(await openedCampaign({ coupon: 5 }), { keyId, signer }))).toBe("campaign_not_found");

    const revoke = () => as("operator", `/partners/${partner}/keys/${keyId}`, { method: "DELETE" });
    const revoked = await answerOf(await revoke());
    expect(await answerOf(await revoke())).toEqual(revoked);
    expect(await env.CONFIG.get(partnerKeyName(keyId))).toBeNull();
    vi.useFakeTimers({ now: Date.now() + 31_000, toFake: ["Date"] });
    try {
      expect(await problemOf(await sendDraw(campaign, { keyId, signer }))).toBe("signature_invalid");
    } finally {
      vi.useRealTimers();
    }
  });

  it("of hmac-sha256 is shown once, kept sealed, and in no list or audit entry", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const partner = await newPartner();
    const { keyId, secret = "" } = await addKey(partner, { algorithm: "hmac-sha256" });
    expect(Buffer.from(secret, "base64")).toHaveLength(32);
    expect((await sendDraw(campaign, { keyId, signer: hmacSigner(Buffer.from(secret, "base64")) })).status).toBe(200);
    const kept = await env.LEDGER.prepare("SELECT material FROM partner_keys WHERE key_id = ?").bind(keyId).first<string>("material");
    const shown = [
      kept,
      await env.CONFIG.get(partnerKeyName(keyId)),
      await (await as("viewer", "/partners")).text(),
      JSON.stringify(await auditOf(partner)),
    ];
    for (const text of shown) {
      expect(text).not.toContain(secret);
      expect(text).not.toBeNull();
    }
    expect(shown.slice(2).join("")).not.toContain(kept);
  });

  it("is refused for nobody, twice, and past the number a partner may have, however many ask at once", async () => {
    const partner = await newPartner();
    const add = (keyId: string) =>
      as("operator", `/partners/${partner}/keys`, { method: "POST", body: { algorithm: "hmac-sha256", keyId } });
    expect(await problemOf(await as("operator", "/partners/nobody/keys", { method: "POST", body: { algorithm: "hmac-sha256" } }))).toBe(
      "partner_not_found",
    );
    expect((await add(`${partner}-0`)).status).toBe(201);
    expect(await problemOf(await add(`${partner}-0`))).toBe("key_exists");
    const statuses = (await Promise.all([1, 2, 3, 4, 5, 6].map((i) => add(`${partner}-${i}`)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 409)).toHaveLength(3);
    expect(await problemOf(await as("operator", `/partners/${partner}/keys/none`, { method: "DELETE" }))).toBe("key_not_found");
    for (const body of [
      { algorithm: "rsa" },
      { algorithm: "ed25519", publicKey: "x" },
      { algorithm: "ed25519" },
      { algorithm: "hmac-sha256", secret: "mine" },
    ]) {
      expect(await problemOf(await as("operator", `/partners/${partner}/keys`, { method: "POST", body }))).toBe("invalid_request");
    }
  });

  it("follows its partner to other campaigns", async () => {
    const [one, two] = [await openedCampaign({ coupon: 5 }), await openedCampaign({ coupon: 5 })];
    const partner = await newPartner([one]);
    const { keyId } = await addKey(partner, { algorithm: "hmac-sha256" });
    const moved = { method: "PUT", body: { id: partner, name: "A partner", campaigns: [two] } };
    expect(await answerOf(await as("operator", "/partners", moved))).toMatchObject({ campaigns: [two], keys: [{ keyId }] });
    expect(JSON.parse((await env.CONFIG.get(partnerKeyName(keyId))) ?? "null")).toMatchObject({ campaigns: [two] });
    const faulty = { method: "PUT", body: { id: partner, name: "A partner", campaigns: ["*", one] } };
    expect(await problemOf(await as("operator", "/partners", faulty))).toBe("invalid_request");
  });
});

describe("the audit log", () => {
  it("is an unbroken chain, however many write at once, and shows a change", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `parallel-${i}`);
    await Promise.all(
      names.map(async (id) => answerOf(await as("operator", "/partners", { method: "PUT", body: { id, name: id, campaigns: [] } }))),
    );
    const { entries, brokenAt } = await answerOf<AuditPage>(await as("viewer", "/audit?limit=200"));
    expect(brokenAt).toBeNull();
    expect(entries.map(({ entry }) => entry)).toEqual(Array.from(entries, (_, i) => entries.length - i));
    for (const name of names) expect(await auditOf(name)).toHaveLength(1);

    const [changed] = await auditOf("parallel-0");
    await env.LEDGER.prepare("UPDATE audit SET actor = 'nobody@example.com' WHERE entry = ?")
      .bind(changed?.entry ?? 0)
      .run();
    expect((await answerOf<AuditPage>(await as("viewer", "/audit?limit=200"))).brokenAt).toBe(changed?.entry);
  });
});

describe("customer care", () => {
  it("finds a card by what the customer knows of it, with its timeline", async () => {
    const campaign = await openedCampaign({ coupon: 5 });
    const partner = await newPartner();
    const { keyId, secret = "" } = await addKey(partner, { algorithm: "hmac-sha256" });
    const url = `${ORIGIN}/partner/v1/campaigns/${campaign}/draws`;
    const body = JSON.stringify({ draws: [{ requestId: "order-77", recipient: "member-77", lineUserId: "U77", metadata: { shop: 3 } }] });
    const request = await signed(url, { method: "POST", body }, { keyId, signer: hmacSigner(Buffer.from(secret, "base64")) });
    const { results } = await answerOf<{ results: { cardId: string }[] }>(await SELF.fetch(request));
    const cardId = results[0]?.cardId ?? "";
    await vi.waitFor(
      async () => {
        for (const q of [cardId, "order-77", "member-77", "U77"]) {
          expect(await answerOf(await as("care", `/care?q=${q}`))).toMatchObject({
            cards: [{ cardId, campaign, state: "issued", requestId: "order-77", metadata: '{"shop":3}', timeline: [{ what: "issued" }] }],
          });
        }
      },
      { timeout: 120_000, interval: 200 },
    );
    expect(await problemOf(await as("care", "/care?q="))).toBe("invalid_request");
  });
});
