import * as fc from "fast-check";
import { expect, test } from "vitest";
import { packRewards, rewardMessageSchema } from "./message.ts";

const ref = fc.record({
  card: fc.string({ minLength: 32, maxLength: 64, unit: fc.constantFrom("a", "Z", "9", "-", "_") }),
  campaign: fc.string({ minLength: 2, maxLength: 63, unit: fc.constantFrom("a", "z", "0", "9") }),
});

test("every reward travels once and in order, in messages and sends within the platform's limits", () => {
  fc.assert(
    fc.property(fc.array(ref, { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (some, times) => {
      const refs = Array.from({ length: times }, () => some).flat();
      const sends = packRewards(refs);
      expect(sends.flat().flatMap(({ rewards }) => rewards)).toEqual(refs);
      for (const send of sends) {
        expect(send.length).toBeGreaterThan(0);
        expect(send.length).toBeLessThanOrEqual(100);
        expect(new TextEncoder().encode(JSON.stringify(send)).byteLength).toBeLessThan(256_000);
        for (const message of send) expect(rewardMessageSchema.parse(message)).toEqual(message);
      }
    }),
    { numRuns: 30 },
  );
});

test("a message holds twenty rewards", () => {
  const refs = Array.from({ length: 45 }, (_, i) => ({ card: `card-${i}`, campaign: "spring" }));
  expect(packRewards(refs).map((send) => send.map(({ rewards }) => rewards.length))).toEqual([[20, 20, 5]]);
});

test.each([
  {},
  { rewards: [] },
  { rewards: [{ card: "", campaign: "spring" }] },
  { rewards: [{ card: "c", campaign: "UPPER" }] },
  { rewards: [{ card: "c", campaign: "spring", prize: "x" }] },
  { rewards: Array.from({ length: 21 }, () => ({ card: "c", campaign: "spring" })) },
  new ArrayBuffer(4),
])("a message of another form is not taken: %j", (body) => {
  expect(rewardMessageSchema.safeParse(body).success).toBe(false);
});
