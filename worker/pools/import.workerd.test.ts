import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { prizePool } from "../objects.ts";
import type { PoolFaultCode } from "./faults.ts";
import { importObject } from "./import.ts";
import {
  campaignJson,
  errorsBeside,
  newCampaignId,
  rowsOf,
  stockOf,
  upload,
  uploadCampaign,
  uploadPool,
  withPools,
} from "./uploads.fixture.ts";

const NOW = Date.UTC(2027, 0, 1);

function run(key: string, on: Env = env) {
  return importObject(on, key, NOW);
}

async function published(): Promise<string> {
  const id = newCampaignId();
  await run(await uploadCampaign(id));
  return id;
}

describe("a campaign file in the bucket", () => {
  it("is published once for the same bytes", async () => {
    const id = newCampaignId();
    const key = await uploadCampaign(id);
    expect(await run(key)).toEqual({ status: "imported", cards: null });
    expect(await run(key)).toEqual({ status: "unchanged" });
    await uploadCampaign(id);
    expect(await run(key)).toEqual({ status: "unchanged" });
    expect(await prizePool(env, id).rules(id)).toMatchObject({ version: 1, status: "draft", shards: 2 });
    expect(await env.CONFIG.get(`campaign:${id}`, "json")).toMatchObject({ version: 1 });
    expect(await rowsOf(key)).toEqual([{ status: "imported", cards: null, faults: null }]);
  });

  it("is published anew when it changes, and when it changes back", async () => {
    const id = await published();
    for (const timezone of ["UTC", "Asia/Taipei"]) {
      expect(await run(await uploadCampaign(id, { timezone }))).toMatchObject({ status: "imported" });
      expect(await prizePool(env, id).rules(id)).toMatchObject({ timezone });
    }
    expect(await prizePool(env, id).rules(id)).toMatchObject({ version: 3 });
  });

  it.each<[string, PoolFaultCode, number | undefined, (id: string) => string | Uint8Array]>([
    ["ends before it starts", "ends_before_start", 6, (id) => campaignJson(id, { endsAt: "2027-02-05T11:59:59Z" })],
    ["has a fallback that is no prize", "unknown_fallback", 9, (id) => campaignJson(id, { fallback: "nothing" })],
    ["has an unknown field", "unknown_field", 11, (id) => campaignJson(id, { colour: "red" })],
    ["is of another campaign", "id_differs", 2, (id) => campaignJson(`${id}-b`)],
    [
      "has a prize that no provider could grant",
      "unknown_provider",
      10,
      (id) => campaignJson(id, { prizes: [{ id: "thanks", kind: "webhook", name: { en: "P" }, params: { provider: "nowhere" } }] }),
    ],
    ["is no JSON", "not_json", 5, (id) => campaignJson(id).replace('"startsAt"', "startsAt")],
    ["is empty", "empty_file", undefined, () => ""],
    ["is not UTF-8", "not_utf8", undefined, () => Uint8Array.of(0x7b, 0xff, 0x7d)],
    ["is too large", "file_too_large", undefined, (id) => campaignJson(id).padEnd(1_000_001)],
  ])("that %s publishes nothing: %s in line %s", async (_, code, line, content) => {
    const id = newCampaignId();
    const key = await upload(`${id}/campaign.json`, content(id));
    const fault = line === undefined ? { code } : { code, line };
    expect(await run(key)).toMatchObject({ status: "refused", faults: [fault] });
    expect(await prizePool(env, id).rules(id)).toBeNull();
    expect(await env.CONFIG.get(`campaign:${id}`)).toBeNull();
    expect(await env.LEDGER.prepare("SELECT * FROM campaigns WHERE campaign = ?").bind(id).first()).toBeNull();
    expect(await errorsBeside(key)).toMatchObject({ object: key, refusedAt: "2027-01-01T00:00:00.000Z", faults: [fault] });
    expect(await run(key)).toEqual({ status: "unchanged" });
    expect(await rowsOf(key)).toHaveLength(1);
    await uploadCampaign(id);
    expect(await run(key)).toMatchObject({ status: "imported" });
    expect(await errorsBeside(key)).toBeNull();
  });

  it("may not take away a prize that is in stock, and passes once the stock is replaced", async () => {
    const id = await published();
    await run(await uploadPool(id, "first.csv", ["prize,quantity", "coupon,5"]));
    const prizes = [{ id: "thanks", kind: "none", name: { en: "Thank you" } }];
    const key = await uploadCampaign(id, { prizes });
    expect(await run(key)).toMatchObject({
      status: "refused",
      faults: [
        { code: "prize_in_stock", at: "prizes", line: 10, message: expect.stringContaining("or upload that file without it first") },
      ],
    });
    expect(await prizePool(env, id).rules(id)).toMatchObject({ version: 1 });
    expect(await run(key)).toEqual({ status: "unchanged" });
    await run(await uploadPool(id, "first.csv", ["prize,quantity", "thanks,5"]));
    expect(await run(key)).toMatchObject({ status: "imported" });
  });
});

describe("how a pool's file is dealt", () => {
  const H = ["prize,quantity", "coupon,5"];
  const repeat = { "p.csv": { repeat: true } };
  const moments = (from: string, to: string) => ({ "p.csv": { moments: { from, to } } });
  const fairness = async (id: string) => (await prizePool(env, id).fairness(id))[0];

  async function imported(lines: readonly string[] = H): Promise<string> {
    const id = await published();
    await run(await uploadPool(id, "p.csv", lines));
    return id;
  }

  it("is what the campaign file says last, until the campaign is opened; then it stays, and the line is named", async () => {
    const id = await imported();
    const before = await fairness(id);
    expect(await run(await uploadCampaign(id, { pools: { "p.csv": {} } }))).toEqual({ status: "imported", cards: null });
    expect(await prizePool(env, id).rules(id)).toMatchObject({ version: 1 });
    expect(await run(await uploadCampaign(id, { pools: repeat }))).toEqual({ status: "imported", cards: null });
    const after = await fairness(id);
    expect(after?.commitment).not.toBe(before?.commitment);
    expect(after?.roots).toEqual(before?.roots);
    await prizePool(env, id).changeStatus(id, "open");
    expect(await run(await uploadCampaign(id, { pools: { "p.csv": { leftover: "roll-over" } } }))).toMatchObject({
      status: "refused",
      faults: [{ code: "segment_in_stock", at: 'pools["p.csv"]', line: 11 }],
    });
    expect(await run(await uploadCampaign(id, { pools: {} }))).toMatchObject({
      status: "refused",
      faults: [{ code: "segment_in_stock", at: 'pools["p.csv"]', line: 11 }],
    });
    await prizePool(env, id).changeStatus(id, "close");
    expect((await fairness(id))?.opened?.options.repeat).toEqual({ maxDecks: null });
  });

  it.each([
    ["repeats and has codes", ["prize,quantity,code", "cafe-code,1,A"], { pools: repeat }, "codes_repeat", 'pools["p.csv"].repeat', 11],
    [
      "has too many moments",
      H,
      { pools: moments("2127-02-06T00:00:00Z", "2127-02-06T00:00:04Z") },
      "schedule_impossible",
      'pools["p.csv"].moments',
      11,
    ],
    [
      "opens after the end",
      ["prize,quantity,opens_at", "coupon,5,2127-02-10T00:00:00Z"],
      { endsAt: "2127-02-09T00:00:00Z" },
      "schedule_impossible",
      "endsAt",
      6,
    ],
    [
      "closes before the start",
      ["prize,quantity,closes_at", "coupon,5,2127-02-10T00:00:00Z"],
      { startsAt: "2127-02-10T00:00:00Z" },
      "schedule_impossible",
      "startsAt",
      5,
    ],
  ])("is not changed to what %s", async (_, lines, over, code, at, line) => {
    const id = await imported(lines);
    expect(await run(await uploadCampaign(id, over))).toMatchObject({ status: "refused", faults: [{ code, at, line }] });
    expect(await prizePool(env, id).rules(id)).toMatchObject({ version: 1 });
  });

  it("is refused where it is over, and may stay where it was accepted before", async () => {
    const id = await published();
    const window = { startsAt: "2026-12-01T00:00:00Z", pools: moments("2026-12-30T00:00:00Z", "2026-12-31T00:00:00Z") };
    expect(await run(await uploadCampaign(id, window))).toMatchObject({
      status: "refused",
      faults: [{ code: "schedule_impossible", at: 'pools["p.csv"].moments', line: 11 }],
    });
    expect(await importObject(env, `${id}/campaign.json`, Date.UTC(2026, 11, 30))).toEqual({ status: "unchanged" });
    await uploadCampaign(id, { ...window, timezone: "UTC" });
    expect(await importObject(env, `${id}/campaign.json`, Date.UTC(2026, 11, 30))).toMatchObject({ status: "imported" });
    expect(await run(await uploadCampaign(id, { ...window, title: { en: "Later" } }))).toMatchObject({ status: "imported" });
    expect(await run(await uploadPool(id, "p.csv", H))).toMatchObject({ status: "refused", faults: [{ code: "schedule_impossible" }] });
    const wave = await uploadPool(id, "wave.csv", ["prize,quantity,closes_at", "coupon,5,2026-12-31T00:00:00Z"]);
    expect(await run(wave)).toMatchObject({ status: "refused", faults: [{ code: "schedule_impossible", at: "closes_at" }] });
  });
});

describe("the fallback", () => {
  it("stays what it is once the campaign has been opened", async () => {
    const id = await published();
    expect(await run(await uploadCampaign(id, { fallback: "coupon" }))).toMatchObject({ status: "imported" });
    await run(await uploadPool(id, "first.csv", ["prize,quantity", "coupon,5"]));
    await prizePool(env, id).changeStatus(id, "open");
    expect(await run(await uploadCampaign(id, { fallback: "thanks" }))).toMatchObject({
      status: "refused",
      faults: [{ code: "fallback_fixed", at: "fallback", line: 9 }],
    });
    expect(await prizePool(env, id).rules(id)).toMatchObject({ fallback: "coupon" });
  });
});

describe("a prize-pool file in the bucket", () => {
  it("is imported once for the same bytes", async () => {
    const id = await published();
    const lines = ["prize,quantity", "coupon,20", "thanks,80"];
    const key = await uploadPool(id, "first.csv", lines);
    expect(await run(key)).toEqual({ status: "imported", cards: 100 });
    await uploadPool(id, "first.csv", lines);
    expect(await run(key)).toEqual({ status: "unchanged" });
    const stock = await stockOf(id);
    expect(stock?.segments).toMatchObject([{ segment: "first.csv", size: 100 }]);
    expect(stock?.prizes).toMatchObject([
      { prize: "coupon", loaded: 20 },
      { prize: "thanks", loaded: 80 },
    ]);
    expect(await rowsOf(key)).toEqual([{ status: "imported", cards: 100, faults: null }]);
  });

  it("brings its campaign file with it, if that was not found yet", async () => {
    const id = newCampaignId();
    await uploadCampaign(id);
    expect(await run(await uploadPool(id, "first.csv", ["prize,quantity", "coupon,5"]))).toEqual({ status: "imported", cards: 5 });
    expect(await rowsOf(`${id}/campaign.json`)).toHaveLength(1);
  });

  it("without a campaign is refused, and imported when there is one", async () => {
    const id = newCampaignId();
    const key = await uploadPool(id, "first.csv", ["prize,quantity", "coupon,5"]);
    expect(await run(key)).toMatchObject({ status: "refused", faults: [{ code: "campaign_unknown" }] });
    expect(await run(key)).toEqual({ status: "unchanged" });
    await uploadCampaign(id);
    expect(await run(key)).toEqual({ status: "imported", cards: 5 });
    expect(await errorsBeside(key)).toBeNull();
  });

  it("with an unknown prize is tried again only when something of its campaign was imported since", async () => {
    const id = await published();
    const key = await uploadPool(id, "first.csv", ["prize,quantity", "mug,5"]);
    expect(await run(key)).toMatchObject({ status: "refused", faults: [{ code: "unknown_prize", line: 2 }] });
    expect(await run(key)).toEqual({ status: "unchanged" });
    await run(await uploadCampaign(id, { timezone: "UTC" }));
    expect(await run(key)).toMatchObject({ status: "refused" });
    expect(await run(key)).toEqual({ status: "unchanged" });
    const prizes = ["mug", "thanks"].map((prize) => ({ id: prize, kind: "none", name: { en: prize } }));
    await uploadCampaign(id, { prizes });
    expect(await run(key)).toEqual({ status: "imported", cards: 5 });
    expect((await rowsOf(key)).map(({ status }) => status)).toEqual(["refused", "imported"]);
  });

  const long = Array.from({ length: 20_000 }, () => "thanks,1");
  it.each<[string, PoolFaultCode, number | undefined, string]>([
    ["an unknown prize", "unknown_prize", 3, "prize,quantity\ncoupon,1\nmug,1\n"],
    ["a negative quantity", "quantity_not_positive", 3, "prize,quantity\ncoupon,1\ncoupon,-1\n"],
    ["a missing quantity", "missing_quantity", 3, "prize,quantity\ncoupon,1\ncoupon,\n"],
    ["a code twice", "duplicate_code", 3, "prize,quantity,code\ncafe-code,1,A\ncafe-code,1,A\n"],
    ["a truncated last line", "truncated_row", 3, "prize,quantity\ncoupon,1\ncou"],
    ["a last line that is cut off within quotes", "truncated_row", 3, 'prize,quantity\ncoupon,1\n"cou'],
    ["a quote astray at the end of a long file", "invalid_quote", 20_002, ["prize,quantity", ...long, 'coup"on,1'].join("\n")],
    ["a quote astray in a long file", "invalid_quote", 20_002, ["prize,quantity", ...long, '"cou"pon,1', ...long].join("\n")],
    ["a quote open at the end of a long file", "truncated_row", 20_002, ["prize,quantity", ...long, '"coupon,1'].join("\n")],
    ["a quote open in a long file", "row_too_long", 20_002, ["prize,quantity", ...long, '"coupon,1', ...long].join("\n")],
    ["nothing in it", "empty_file", undefined, ""],
    ["nothing in it but a byte-order mark", "empty_file", undefined, "\uFEFF"],
    ["a header alone", "no_rows", undefined, "prize,quantity\n"],
  ])("with %s imports nothing: %s in line %s", async (_, code, line, content) => {
    const id = await published();
    const key = await upload(`${id}/pools/first.csv`, content);
    const fault = line === undefined ? { code } : { code, line };
    expect(await run(key)).toMatchObject({ status: "refused", faults: [fault], more: 0 });
    expect((await stockOf(id))?.segments).toEqual([]);
    expect(await errorsBeside(key)).toMatchObject({ object: key, faults: [fault] });
    expect(JSON.parse((await rowsOf(key))[0]?.faults ?? "")).toMatchObject([fault]);
    await uploadPool(id, "first.csv", ["prize,quantity", "coupon,1"]);
    expect(await run(key)).toEqual({ status: "imported", cards: 1 });
    expect(await errorsBeside(key)).toBeNull();
  });

  it("with a byte-order mark, CRLF and no newline at its end is imported", async () => {
    const id = await published();
    const key = await upload(`${id}/pools/first.csv`, "\uFEFFprize,quantity\r\ncoupon,2\r\n\r\nthanks,3");
    expect(await run(key)).toEqual({ status: "imported", cards: 5 });
  });

  it("that is refused leaves the stock that its earlier, good form brought", async () => {
    const id = await published();
    await run(await uploadPool(id, "first.csv", ["prize,quantity", "coupon,5"]));
    expect(await run(await uploadPool(id, "first.csv", ["prize,quantity", "coupon,0"]))).toMatchObject({ status: "refused" });
    expect((await stockOf(id))?.prizes).toMatchObject([{ prize: "coupon", loaded: 5 }]);
  });

  it("replaces its earlier form while the campaign is a draft, and never once it is open", async () => {
    const id = await published();
    const put = async (quantity: number) => run(await uploadPool(id, "first.csv", ["prize,quantity", `coupon,${quantity}`]));
    await put(5);
    expect(await put(6)).toEqual({ status: "imported", cards: 6 });
    expect(await put(5)).toEqual({ status: "imported", cards: 5 });
    await prizePool(env, id).changeStatus(id, "open");
    expect(await put(7)).toMatchObject({ status: "refused", faults: [{ code: "segment_immutable" }] });
    expect(await put(5)).toEqual({ status: "imported", cards: 5 });
    expect(await errorsBeside(`${id}/pools/first.csv`)).toBeNull();
    expect((await stockOf(id))?.prizes).toMatchObject([{ prize: "coupon", loaded: 5 }]);
  });
});

describe("codes", () => {
  const count = 4_100;
  const codes = Array.from({ length: count }, (_, i) => `CODE-${i}`);
  const coded = ["prize,quantity,code", "thanks,10,", ...codes.map((code) => `cafe-code,1,${code}`)];

  it("come into the pool all of them, in the file's order, in several calls", async () => {
    const id = await published();
    expect(await run(await uploadPool(id, "codes.csv", coded))).toEqual({ status: "imported", cards: count + 10 });
    await prizePool(env, id).changeStatus(id, "open");
    const dealt: string[] = [];
    for (let request = 1; ; request++) {
      const reply = await prizePool(env, id).lease({ campaign: id, shard: request % 2, request, want: 1_000 });
      if (reply.status !== "granted") break;
      dealt.push(...(reply.lease.codes ?? []).filter((code) => code !== null));
    }
    expect(dealt).toEqual(codes);
  });

  it("that the pool has from another file are refused, each with its line, and no other of the file enters", async () => {
    const id = await published();
    await run(await uploadPool(id, "a.csv", ["prize,quantity,code", "cafe-code,1,CODE-7", "cafe-code,1,CODE-4050"]));
    const key = await uploadPool(id, "b.csv", coded);
    expect(await run(key)).toMatchObject({
      status: "refused",
      faults: [
        { code: "duplicate_code", at: "code", line: 10 },
        { code: "duplicate_code", at: "code", line: 4053 },
      ],
    });
    expect(JSON.stringify(await errorsBeside(key))).not.toContain("CODE-");
    await uploadPool(
      id,
      "b.csv",
      coded.filter((line) => !/,CODE-(7|4050)$/.test(line)),
    );
    expect(await run(key)).toEqual({ status: "imported", cards: count - 2 + 10 });
  });

  it("are each in the pool once after imports at the same time", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", coded);
    await Promise.all(Array.from({ length: 4 }, () => run(key)));
    expect((await stockOf(id))?.prizes).toMatchObject([
      { prize: "thanks", loaded: 10 },
      { prize: "cafe-code", loaded: count },
    ]);
    expect(await rowsOf(key)).toEqual([{ status: "imported", cards: count + 10, faults: null }]);
  });

  it("that another file has given back in the meantime are accepted", async () => {
    const id = await published();
    await run(await uploadPool(id, "a.csv", ["prize,quantity,code", "cafe-code,1,A", "cafe-code,1,B"]));
    const key = await uploadPool(id, "b.csv", ["prize,quantity,code", "cafe-code,1,B"]);
    expect(await run(key)).toMatchObject({ status: "refused", faults: [{ code: "duplicate_code", line: 2 }] });
    await run(await uploadPool(id, "a.csv", ["prize,quantity,code", "cafe-code,1,A"]));
    expect(await run(key)).toEqual({ status: "imported", cards: 1 });
  });
});

describe("any other object", () => {
  it("below a campaign is refused once, with the reason beside it", async () => {
    const id = newCampaignId();
    const key = await upload(`${id}/pools/x.txt`, "hello");
    expect(await run(key)).toMatchObject({ status: "refused", faults: [{ code: "unknown_key" }] });
    expect(await run(key)).toEqual({ status: "unchanged" });
    expect(await errorsBeside(`${key}.csv`)).toMatchObject({ object: key });
  });

  it("is ignored, as is what we write ourselves and what is gone", async () => {
    const id = newCampaignId();
    for (const key of [await upload("notes.txt", "x"), await upload(`${id}/pools/first.errors.json`, "{}"), `${id}/campaign.json`]) {
      expect(await run(key)).toEqual({ status: "ignored" });
    }
  });
});

describe("an object that is replaced while it is imported", () => {
  it("ends as what it holds now, even if that had been imported before", async () => {
    const id = newCampaignId();
    const key = await uploadCampaign(id, { timezone: "UTC" });
    let overtaken = false;
    // Between reading the old file and publishing it, the newer one is uploaded and imported by somebody else.
    const get = (async (name: string, options: R2GetOptions) => {
      const object = await env.POOLS.get(name, options);
      if (!overtaken) {
        overtaken = true;
        await run(await uploadCampaign(id));
      }
      return object;
    }) as R2Bucket["get"];
    expect(await run(key, withPools({ get }))).toMatchObject({ status: "imported" });
    expect(await prizePool(env, id).rules(id)).toMatchObject({ timezone: "Asia/Taipei" });
    expect(await env.CONFIG.get(`campaign:${id}`, "json")).toMatchObject({ file: { timezone: "Asia/Taipei" } });
  });
});
