import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { boundLedgers, byLedger, inEach, ledgerOf, ledgersOf } from "./ledgers.ts";

type Knowing = Parameters<typeof ledgersOf>[0];

let campaigns = 0;
const newId = () => `ledgers-${(campaigns += 1)}`;

/** What snapshots, pools and the register say of every campaign, and which of them were asked. */
let known: {
  snapshot?: { ledgers: number | null } | "away";
  pool?: { status: string; ledgers: number } | "away";
  row?: number;
};
let asked: string[];
beforeEach(() => {
  known = {};
  asked = [];
});

/** A deployment with `bound` ledgers. */
function house(bound: number): Knowing {
  const databases = Array.from({ length: bound }, (_, i) => [i === 0 ? "LEDGER" : `LEDGER_${i + 1}`, register(i)]);
  const answer = <Said>(from: string, said: Said | "away" | undefined): Said | null => {
    asked.push(from);
    if (said === "away") throw new Error(`the ${from} is away`);
    return said ?? null;
  };
  return {
    ...Object.fromEntries(databases),
    CONFIG: {
      get: async () => {
        const snapshot = answer("snapshot", known.snapshot);
        return snapshot === null ? null : { file: {}, version: 1, shards: 64, ...snapshot };
      },
    },
    PRIZE_POOL: { getByName: () => ({ rules: async () => answer("pool", known.pool) }) },
  };
}

function register(nth: number) {
  const all = async () => {
    asked.push("register");
    return { results: known.row === undefined ? [] : [{ ledgers: known.row }] };
  };
  return { nth, prepare: () => ({ bind: () => ({ all }) }) };
}

const numberOf = async (env: Knowing, campaign: string) => (await ledgersOf(env, campaign)).length;

describe("the ledgers", () => {
  it("are those that are bound without a gap", () => {
    const { LEDGER, ...further } = house(4) as unknown as Record<string, D1Database>;
    const env = { ...further, LEDGER } as unknown as Knowing;
    expect(boundLedgers(env).map(({ nth }) => nth)).toEqual([0, 1, 2, 3]);
    expect(boundLedgers(env).map((ledger) => Reflect.get(ledger.LEDGER, "nth") as number)).toEqual([0, 1, 2, 3]);
    expect(boundLedgers({ ...env, LEDGER_3: undefined } as Knowing)).toHaveLength(2);
  });

  it("of a campaign are one, asking nobody but the register, once, where one is bound", async () => {
    known = { snapshot: "away", pool: "away", row: 1 };
    const campaign = newId();
    expect([await numberOf(house(1), campaign), await numberOf(house(1), campaign)]).toEqual([1, 1]);
    expect(asked).toEqual(["register"]);
    known = {};
    expect(await numberOf(house(1), newId())).toBe(1);
  });

  it("are asked for until their number is fixed, and then once", async () => {
    const campaign = newId();
    const env = house(4);
    known = { snapshot: { ledgers: null }, pool: { status: "draft", ledgers: 2 } };
    expect(await numberOf(env, campaign)).toBe(2);
    known.pool = { status: "open", ledgers: 3 };
    expect(await numberOf(env, campaign)).toBe(3);
    asked = [];
    known.pool = "away";
    expect(await numberOf(env, campaign)).toBe(3);
    expect(asked).toEqual([]);
  });

  it("are those of the published snapshot once it says, whoever is away", async () => {
    known = { snapshot: { ledgers: 3 }, pool: "away" };
    expect(await numberOf(house(4), newId())).toBe(3);
  });

  it("are what the pool says where no snapshot can be read, and what the register says where there is no pool", async () => {
    known = { snapshot: "away", pool: { status: "closed", ledgers: 2 } };
    expect(await numberOf(house(4), newId())).toBe(2);
    known = { row: 4 };
    expect(await numberOf(house(4), newId())).toBe(4);
    known = {};
    expect(await numberOf(house(4), newId())).toBe(1);
    known = { snapshot: "away", pool: "away" };
    await expect(numberOf(house(4), newId())).rejects.toThrow("the pool is away");
  });

  it("are refused where fewer are bound than the campaign settles in", async () => {
    known = { snapshot: { ledgers: 3 } };
    await expect(numberOf(house(2), newId())).rejects.toThrow("settles in 3 ledgers, of which 2 are bound");
    known = { row: 3 };
    await expect(numberOf(house(1), newId())).rejects.toThrow("settles in 3 ledgers, of which 1 are bound");
  });

  it("have each shard of a campaign in one, and part things so that each keeps its order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(40)), async (ledgers, shards) => {
        known = { snapshot: { ledgers } };
        const campaign = newId();
        const env = house(5);
        const things = shards.map((shard, i) => ({ campaign, shard, i }));
        const shares = await byLedger(env, things, (thing) => thing);
        expect(shares.flatMap((share) => share.things).sort((a, b) => a.i - b.i)).toEqual(things);
        for (const { ledger, things: own } of shares) {
          expect(own.map(({ i }) => i)).toEqual(own.map(({ i }) => i).sort((a, b) => a - b));
          for (const thing of own) expect([thing.shard % ledgers, (await ledgerOf(env, thing)).nth]).toEqual([ledger.nth, ledger.nth]);
        }
      }),
      { numRuns: 30 },
    );
  });
});

it("what fails in one ledger is done in the others all the same", async () => {
  const done: number[] = [];
  const work = async (nth: number) => {
    await Promise.resolve();
    if (nth === 0) throw new Error("the first is away");
    done.push(nth);
    return nth;
  };
  await expect(inEach([0, 1, 2], work)).rejects.toThrow("the first is away");
  expect(done).toEqual([1, 2]);
  expect(await inEach([1, 2], work)).toEqual([1, 2]);
});
