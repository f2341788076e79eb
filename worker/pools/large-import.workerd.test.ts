import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { prizePool } from "../objects.ts";
import type { ImportBounds } from "./import-pool.ts";
import { importObject } from "./import.ts";
import type { ImportOutcome } from "./import.ts";
import { newCampaignId, rowsOf, stockOf, uploadCampaign, uploadPool, withPools } from "./uploads.fixture.ts";

const NOW = Date.UTC(2027, 0, 1);
/** A file of some thousand codes takes many of these steps; no step ends with a row. */
const SMALL: ImportBounds = { bytesPerStep: 20_011, steps: 4, forMs: 60_000 };
const HEADER = "prize,quantity,code";

/** Imports a part, and has nobody go on with it. */
function run(key: string, { on = env, bounds = SMALL }: { on?: Env; bounds?: ImportBounds } = {}): Promise<ImportOutcome> {
  const nobody = { send: async () => ({}) } as unknown as Queue;
  return importObject({ ...on, POOL_UPLOADS: nobody }, key, NOW, bounds);
}

/** Imports to the end, a part after the other. */
async function runOn(key: string, bounds = SMALL): Promise<ImportOutcome> {
  for (;;) {
    const outcome = await run(key, { bounds });
    if (outcome.status !== "under_way") return outcome;
  }
}

async function published(over: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const id = newCampaignId();
  await importObject(env, await uploadCampaign(id, over), NOW);
  return id;
}

const codeOf = (i: number) => `CODE-${String(i).padStart(6, "0")}`;
const codesOf = (count: number, first = 0) => Array.from({ length: count }, (_, i) => codeOf(first + i));
const rowsWith = (codes: readonly string[]) => [HEADER, ...codes.map((code) => `cafe-code,1,${code}`)];

const importOf = async (id: string) => (await prizePool(env, id).imports(id))[0] ?? null;

/** All codes of the pool, as they are dealt. */
async function dealtCodes(id: string): Promise<string[]> {
  await prizePool(env, id).changeStatus(id, "open");
  const dealt: string[] = [];
  for (let request = 1; ; request++) {
    const reply = await prizePool(env, id).lease({ campaign: id, shard: 0, request, want: 5_000 });
    if (reply.status !== "granted") return dealt;
    dealt.push(...(reply.lease.codes ?? []).filter((code) => code !== null));
  }
}

const TABLES = ["imports", "dropped", "code_chunks", "code_digest_blocks", "deck_chunks", "segments"] as const;

/** Rows of each table of a pool, once it has cleaned up. */
async function rowsLeft(id: string): Promise<Record<(typeof TABLES)[number], number>> {
  const stub = env.PRIZE_POOL.getByName(id);
  const count = () =>
    runInDurableObject(stub, (_, { storage: { sql } }) =>
      Object.fromEntries(TABLES.map((table) => [table, sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n])),
    );
  for (;;) {
    const rows = (await count()) as Record<(typeof TABLES)[number], number>;
    if (rows.dropped === 0) return rows;
    await runDurableObjectAlarm(stub);
  }
}

describe("a large prize-pool file", () => {
  const codes = codesOf(20_000);

  it("is imported with every code once and in order, whatever dies in between, and what was done is not done again", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    const size = (await env.POOLS.head(key))?.size ?? 0;
    let [bytes, gets, cuts] = [0, 0, 0];
    const get = (async (name: string, options: R2GetOptions & { range?: { length: number } }) => {
      if (name === key) bytes += options.range?.length ?? 0;
      if (name === key && ++gets % 7 === 0) throw new Error("the invocation was cut");
      return env.POOLS.get(name, options);
    }) as R2Bucket["get"];
    let outcome: ImportOutcome | null = null;
    let before = 0;
    for (let turn = 0; outcome?.status !== "imported"; turn++) {
      try {
        outcome = await run(key, { on: withPools({ get }) });
      } catch {
        cuts++;
      }
      const read = (await importOf(id))?.bytesRead ?? size;
      expect(read).toBeGreaterThanOrEqual(before);
      before = read;
      if (turn % 3 === 0) await evictDurableObject(env.PRIZE_POOL.getByName(id));
      if (turn % 3 === 1) await abortAllDurableObjects();
    }
    expect(cuts).toBeGreaterThan(2);
    // Beside the file itself: the rows that a step ended within, and the steps that were cut.
    expect(bytes).toBeLessThan(size + gets * 50 + cuts * SMALL.bytesPerStep);
    expect(await rowsOf(key)).toEqual([{ status: "imported", cards: codes.length, faults: null }]);
    expect(await dealtCodes(id)).toEqual(codes);
  });

  it("goes on by itself, and can be watched", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    expect(await run(key)).toEqual({ status: "under_way" });
    const size = (await env.POOLS.head(key))?.size ?? 0;
    const seen = await importOf(id);
    expect(seen).toMatchObject({ segment: "codes.csv", bytes: size, checked: 0 });
    expect(seen?.rows).toBe(seen?.codes);
    expect(seen?.rows).toBeGreaterThan((SMALL.steps * SMALL.bytesPerStep) / "cafe-code,1,CODE-000000, ".length);
    expect(seen?.bytesRead).toBeLessThanOrEqual(SMALL.steps * SMALL.bytesPerStep);
    await importObject(env, key, NOW, { ...SMALL, steps: 1 });
    await expect.poll(() => rowsOf(key)).toMatchObject([{ status: "imported", cards: codes.length }]);
    expect(await importOf(id)).toBeNull();
  });

  it("of quantities alone may be as large", async () => {
    const id = await published();
    const lines = Array.from({ length: 9_000 }, (_, i) => (i % 2 === 0 ? "thanks,1000" : "coupon,1"));
    expect(await runOn(await uploadPool(id, "a.csv", ["prize,quantity", ...lines]))).toEqual({ status: "imported", cards: 4_504_500 });
    expect((await stockOf(id))?.prizes).toMatchObject([
      { prize: "thanks", loaded: 4_500_000 },
      { prize: "coupon", loaded: 4_500 },
    ]);
  });

  it("is shuffled once, though the pool dies over it", async () => {
    const id = await published();
    const key = await uploadPool(id, "a.csv", ["prize,quantity", "thanks,2990000", "coupon,10000"]);
    for (let deaths = 0; deaths < 4; deaths++) {
      const cut = run(key).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 40 * (deaths + 1)));
      await abortAllDurableObjects();
      await cut;
    }
    await runOn(key);
    expect(await rowsOf(key)).toMatchObject([{ status: "imported", cards: 3_000_000 }]);
    expect((await stockOf(id))?.prizes).toEqual([
      { prize: "thanks", loaded: 2_990_000, unleased: 2_990_000, withheld: 0 },
      { prize: "coupon", loaded: 10_000, unleased: 10_000, withheld: 0 },
    ]);
    expect(await rowsLeft(id)).toMatchObject({ segments: 1, deck_chunks: Math.ceil(3_000_000 / 65_536) });
  });

  it("is in the pool once, whatever number of importers are at it", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    await Promise.all(Array.from({ length: 4 }, () => runOn(key, { ...SMALL, steps: 2 })));
    expect(await rowsOf(key)).toMatchObject([{ status: "imported", cards: codes.length }]);
    expect((await stockOf(id))?.prizes).toMatchObject([{ loaded: codes.length }]);
    expect(await dealtCodes(id)).toEqual(codes);
  });

  it("does not keep the rest of its campaign from being dealt", async () => {
    const id = await published();
    await importObject(env, await uploadPool(id, "first.csv", ["prize,quantity", "coupon,1000"]), NOW);
    await prizePool(env, id).changeStatus(id, "open");
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    for (let request = 1; (await run(key)).status === "under_way"; request++) {
      const reply = await prizePool(env, id).lease({ campaign: id, shard: 0, request, want: 1 });
      expect(reply).toMatchObject({ status: "granted", lease: { segment: "first.csv" } });
    }
    expect((await stockOf(id))?.prizes).toContainEqual({ prize: "cafe-code", loaded: codes.length, unleased: codes.length, withheld: 0 });
  });
});

describe("codes that come again", () => {
  const codes = codesOf(3_000);
  /** The lines around the ends of the first two steps, and the last of the file. */
  const border = Math.floor((SMALL.bytesPerStep - HEADER.length) / "cafe-code,1,CODE-000000\n".length);
  const lines = [border, border + 1, border + 2, border + 3, 2 * border, 2 * border + 1, codes.length + 1];

  it("in one file are refused, each with its line and the first one's, wherever a step ends", async () => {
    const id = await published();
    const again = codes.map((code, i) => (lines.includes(i + 2) ? codeOf(0) : code));
    const key = await uploadPool(id, "codes.csv", rowsWith(again));
    const faults = lines.map((line) => ({ code: "duplicate_code", at: "code", line, message: "the same code stands in line 2" }));
    expect(await runOn(key)).toEqual({ status: "refused", faults, more: 0 });
    expect((await stockOf(id))?.prizes).toEqual([]);
  });

  it("from another file are refused, each with its line and that file's, wherever a step ends", async () => {
    const id = await published();
    const known = lines.map((line) => codes[line - 2] ?? "");
    await runOn(await uploadPool(id, "a.csv", rowsWith(known)));
    const faults = lines.map((line, i) => ({
      code: "duplicate_code",
      at: "code",
      line,
      message: `this code is in the pool already, from a.csv in line ${i + 2}`,
    }));
    const key = await uploadPool(id, "b.csv", rowsWith(codes));
    expect(await runOn(key)).toEqual({ status: "refused", faults, more: 0 });
    await uploadPool(id, "b.csv", rowsWith(codes.filter((code) => !known.includes(code))));
    expect(await runOn(key)).toEqual({ status: "imported", cards: codes.length - known.length });
  });

  it("are told together with all else that is wrong with a file", async () => {
    const id = await published();
    const rows = rowsWith(codes.with(2_500, codeOf(7)));
    const key = await uploadPool(id, "codes.csv", rows.with(1_999, "mug,1,").with(2_999, "cafe-code,2,X"));
    expect(await runOn(key)).toMatchObject({
      faults: [
        { code: "unknown_prize", line: 2_000 },
        { code: "duplicate_code", line: 2_502 },
        { code: "code_quantity", line: 3_000 },
      ],
    });
  });

  it("beyond a bound are counted", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith([...codes, ...codes]));
    const outcome = await runOn(key);
    if (outcome.status !== "refused") throw new Error("it was not refused");
    expect(outcome.faults.length + outcome.more).toBe(codes.length);
    expect(outcome.faults).toHaveLength(1_000);
  });

  it("in two files that are imported at the same time come into the pool with one of them", async () => {
    const id = await published();
    const keys = await Promise.all([
      uploadPool(id, "a.csv", rowsWith(codes)),
      uploadPool(id, "b.csv", rowsWith([...codesOf(3_000, 10_000), ...codes.slice(-1)])),
    ]);
    const last: ImportOutcome["status"][] = [];
    while (last.length < 2) {
      const outcomes = await Promise.all(keys.map((key) => run(key)));
      last.push(...outcomes.map(({ status }) => status).filter((status) => status === "imported" || status === "refused"));
    }
    expect(last.sort()).toEqual(["imported", "refused"]);
    const dealt = await dealtCodes(id);
    expect(new Set(dealt).size).toBe(dealt.length);
  });

  it("are found too where they were imported before there were blocks of digests", async () => {
    const id = await published();
    await runOn(await uploadPool(id, "a.csv", rowsWith(codes)));
    await runInDurableObject(env.PRIZE_POOL.getByName(id), (_, { storage: { sql } }) => {
      sql.exec("DELETE FROM code_digest_blocks");
      sql.exec("UPDATE code_chunks SET digested = 0");
    });
    const key = await uploadPool(id, "b.csv", rowsWith(["NEW", codeOf(2_999)]));
    expect(await runOn(key)).toMatchObject({
      faults: [{ code: "duplicate_code", line: 3, message: "this code is in the pool already, from a.csv" }],
    });
  });
});

describe("of an import that comes to nothing, nothing is left", () => {
  const codes = codesOf(5_000);
  const nothing = { imports: 0, dropped: 0, code_chunks: 0, code_digest_blocks: 0, deck_chunks: 0, segments: 0 };

  it("when it is refused", async () => {
    const id = await published();
    expect(await runOn(await uploadPool(id, "codes.csv", [...rowsWith(codes), "mug,1,"]))).toMatchObject({ status: "refused" });
    expect(await importOf(id)).toBeNull();
    expect(await rowsLeft(id)).toEqual(nothing);
  });

  it("when its object is deleted", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    await run(key);
    await env.POOLS.delete(key);
    expect(await run(key)).toEqual({ status: "ignored" });
    expect(await rowsLeft(id)).toEqual(nothing);
  });

  it("when nobody has gone on with it for a day", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    await run(key);
    const stub = env.PRIZE_POOL.getByName(id);
    await runDurableObjectAlarm(stub);
    expect(await importOf(id)).not.toBeNull();
    await runInDurableObject(stub, (_, { storage: { sql } }) => void sql.exec("UPDATE imports SET touched_at = touched_at - 86400000"));
    await runDurableObjectAlarm(stub);
    expect(await rowsLeft(id)).toEqual(nothing);
  });

  it("when its object is replaced: what it holds then is imported", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    await run(key);
    expect((await importOf(id))?.codes).toBeGreaterThan(3_000);
    await uploadPool(id, "codes.csv", rowsWith(codesOf(30, 2_990)));
    expect(await runOn(key)).toEqual({ status: "imported", cards: 30 });
    expect(await rowsLeft(id)).toMatchObject({ imports: 0, code_chunks: 1, deck_chunks: 1, segments: 1 });
    expect(await dealtCodes(id)).toEqual(codesOf(30, 2_990));
  });

  it("when it is replaced between two steps of one invocation", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    let gets = 0;
    const get = (async (name: string, options: R2GetOptions) => {
      if (name === key && ++gets === 3) await uploadPool(id, "codes.csv", rowsWith(["A", "B"]));
      return env.POOLS.get(name, options);
    }) as R2Bucket["get"];
    expect(await run(key, { on: withPools({ get }) })).toEqual({ status: "imported", cards: 2 });
    expect(await dealtCodes(id)).toEqual(["A", "B"]);
  });

  it("when it is put back to what it was just before: that is imported again, in steps too", async () => {
    const id = await published();
    const good = rowsWith(codes);
    const key = await uploadPool(id, "codes.csv", good);
    await runOn(key);
    await uploadPool(id, "codes.csv", rowsWith(["A", "B"]));
    let heads = 0;
    const head = (async (name: string) => {
      // The first tells what is to be imported, the second is asked when it is.
      if (name === key && ++heads === 2) await uploadPool(id, "codes.csv", good);
      return env.POOLS.head(name);
    }) as R2Bucket["head"];
    expect(await run(key, { on: withPools({ head }), bounds: { ...SMALL, steps: 2 } })).toEqual({ status: "under_way" });
    expect(await runOn(key)).toEqual({ status: "imported", cards: codes.length });
    expect(await dealtCodes(id)).toEqual(codes);
  });

  it("when another takes its place in a draft", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    await runOn(key);
    await uploadPool(id, "codes.csv", rowsWith(codes.slice(0, 7)));
    expect(await runOn(key)).toEqual({ status: "imported", cards: 7 });
    expect(await rowsLeft(id)).toMatchObject({ imports: 0, code_chunks: 1, deck_chunks: 1, segments: 1 });
  });

  it("when the campaign's prizes change: it is read anew", async () => {
    const id = await published();
    const key = await uploadPool(id, "codes.csv", rowsWith(codes));
    await run(key);
    const prizes = [
      { id: "cafe-code", kind: "coupon", name: { en: "Coffee" } },
      { id: "thanks", kind: "none", name: { en: "Thank you" } },
    ];
    await importObject(env, await uploadCampaign(id, { prizes }), NOW);
    expect(await runOn(key)).toMatchObject({ status: "refused", faults: { length: 1_000 }, more: 4_000 });
    expect(await rowsLeft(id)).toEqual(nothing);
  });
});
