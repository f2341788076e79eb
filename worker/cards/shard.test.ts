import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shardOf } from "./shard.ts";

describe("shardOf", () => {
  it("gives the same shard to the same key, within the number of shards", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 512 }), (key, shards) => {
        const shard = shardOf(key, shards);
        expect(shard).toBe(shardOf(key, shards));
        expect(shard).toBeGreaterThanOrEqual(0);
        expect(shard).toBeLessThan(shards);
        expect(Number.isInteger(shard)).toBe(true);
      }),
    );
  });

  it("never moves: these keys stay where they are", () => {
    expect(["member-1", "member-2", "會員", "line:U0123", ""].map((key) => shardOf(key, 24))).toEqual([1, 3, 14, 4, 11]);
  });

  it.each([2, 3, 24, 64, 512])("spreads serial keys evenly over %i shards", (shards) => {
    const keys = 1_000 * shards;
    const counts = Array.from({ length: shards }, () => 0);
    for (let i = 0; i < keys; i++) {
      const shard = shardOf(`member-${i}`, shards);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    // Mean shards − 1, variance 2 (shards − 1): six standard deviations above the mean is out of reach of chance.
    expect(chiSquare).toBeLessThan(shards - 1 + 6 * Math.sqrt(2 * (shards - 1)));
  });
});
