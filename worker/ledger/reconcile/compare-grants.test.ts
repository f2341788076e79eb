import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HELD_UNTIL_MS } from "../held-rewards.ts";
import { compareStretches, judgeUnseen, mergeStretches } from "./compare-grants.ts";
import type { Stretch } from "./compare-grants.ts";

const grantedAt = "2027-03-01T08:00:00+08:00";

/** The stretch after an id as a side gives it that has no more than `size` at a time. */
function stretchOf<Item>(items: readonly Item[], idOf: (item: Item) => string, after: string, size: number): Stretch<Item> {
  const own = items.filter((item) => idOf(item) > after).slice(0, size);
  const last = own.at(-1);
  return { items: own, upTo: own.length < size || last === undefined ? null : idOf(last) };
}

/** All that comes of two sides, stretch by stretch. */
function compareAll(granted: readonly string[], listed: readonly string[], sizes: { readonly ledger: number; readonly list: number }) {
  const grants = listed.map((id) => ({ id, grantedAt }));
  const all = { same: 0, missing: [] as string[], unseen: [] as string[], steps: 0 };
  for (let after: string | null = ""; after !== null;) {
    const { upTo, same, missing, unseen } = compareStretches(
      stretchOf(granted, (id) => id, after, sizes.ledger),
      stretchOf(grants, ({ id }) => id, after, sizes.list),
    );
    all.same += same;
    all.missing.push(...missing);
    all.unseen.push(...unseen.map(({ id }) => id));
    all.steps += 1;
    after = upTo;
  }
  return all;
}

const ids = fc
  .uniqueArray(fc.string({ unit: fc.constantFrom("-", "A", "B", "_", "a", "b", "0"), minLength: 1, maxLength: 4 }))
  .map((set) => set.sort());
const size = fc.integer({ min: 1, max: 10 });

test("stretches of several ledgers, walked along together, have each id once and in order", () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 4 }), size, (all, ledgers, atMost) => {
      const walked: string[] = [];
      for (let after: string | null = ""; after !== null;) {
        const from = after;
        const parts = Array.from({ length: ledgers }, (_, nth) => all.filter((_id, i) => i % ledgers === nth));
        const { items, upTo } = mergeStretches(parts.map((part) => stretchOf(part, (id) => id, from, atMost)));
        walked.push(...items);
        after = upTo;
      }
      expect(walked).toEqual(all);
    }),
  );
});

test("of any two sides, in stretches of whatever size, exactly what one has and the other has not is found, each once and in order", () => {
  fc.assert(
    fc.property(ids, ids, size, size, (granted, listed, ledger, list) => {
      const { same, missing, unseen, steps } = compareAll(granted, listed, { ledger, list });
      expect(missing).toEqual(granted.filter((id) => !listed.includes(id)));
      expect(unseen).toEqual(listed.filter((id) => !granted.includes(id)));
      expect(same).toBe(granted.filter((id) => listed.includes(id)).length);
      expect(steps).toBeLessThanOrEqual(granted.length / ledger + listed.length / list + 1);
    }),
  );
});

describe("a grant that the ledger did not have as granted", () => {
  const granter = { campaign: "spring", provider: "points", prizes: ["points-10", "points-50"] };
  const reward = { campaign: "spring", prize: "points-10", kind: "webhook", status: "pending", nextAttemptAt: null } as const;
  const has = "provider points has granted it (2027-03-01T00:00:00.000Z)";
  const judge = (row: Parameters<typeof judgeUnseen>[2]) => judgeUnseen(granter, { id: "card", grantedAt }, row);

  test("was granted meanwhile, or its outcome is on the way", () => {
    expect(judge({ ...reward, status: "granted" })).toEqual({ status: "same" });
    expect(judge(reward)).toEqual({ status: "waiting" });
    expect(judge({ ...reward, nextAttemptAt: Date.parse(grantedAt) })).toEqual({ status: "waiting" });
  });

  test("tells the outcome of a reward that was held for want of it", () => {
    expect(judge({ ...reward, nextAttemptAt: HELD_UNTIL_MS })).toEqual({ status: "told" });
  });

  test("differs where its reward has failed, is not there, or is another's", () => {
    expect(judge({ ...reward, status: "failed" })).toEqual({ status: "different", fault: `failed in the ledger, and ${has}` });
    expect(judge(null)).toEqual({ status: "different", fault: `${has}, and the ledger has no such reward` });
    for (const other of [{ campaign: "autumn" }, { prize: "coins" }, { kind: "coupon" }]) {
      expect(judge({ ...reward, status: "granted", ...other })).toEqual({
        status: "different",
        fault: `${has}, and the ledger's reward is none of the campaign's that this provider hands over`,
      });
    }
  });
});
