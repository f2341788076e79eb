import fc from "fast-check";
import { expect, it } from "vitest";
import { RecentEntries } from "./recent-entries.ts";

/** Few hashes, among them ones that share a slot, so that many cards share a hash and many hashes a slot. */
const hash = fc.oneof(
  fc.nat(50),
  fc.nat(50).map((low) => low + 2 ** 32),
  fc.nat(50).map((low) => low * 4_096 - 1 + 4_096),
  fc.maxSafeNat(),
);
const lists = fc.array(hash, { maxLength: 9_000, size: "max" });

const findAll = (entries: RecentEntries, one: number) => {
  const found: number[] = [];
  entries.find(one, found);
  return found;
};

it("finds the cards of a hash in the order in which they came, however many hashes share a slot, and all of them in order of hash", () => {
  fc.assert(
    fc.property(lists, (list) => {
      const entries = new RecentEntries();
      const expected = new Map<number, number[]>();
      for (const [seq, one] of list.entries()) {
        entries.add(one, seq);
        expected.set(one, [...(expected.get(one) ?? []), seq]);
      }
      for (const [one, seqs] of expected) expect(findAll(entries, one)).toEqual(seqs);
      expect(findAll(entries, 2 ** 40 + 7)).toEqual(expected.get(2 ** 40 + 7) ?? []);
      const inOrder = [...expected].sort(([a], [b]) => a - b).flatMap(([one, seqs]) => seqs.flatMap((seq) => [one, seq]));
      expect([...entries.sorted()]).toEqual(inOrder);
      entries.clear();
      expect(list.slice(0, 50).flatMap((one) => findAll(entries, one))).toEqual([]);
      expect(entries.sorted()).toHaveLength(0);
    }),
    { numRuns: 60 },
  );
});

it("takes in a hundred thousand cards of one recipient, among those of others, in the time that a test has", () => {
  const entries = new RecentEntries();
  const kiosk = 2 ** 52;
  const others = Array.from({ length: 100_000 }, (_, n) => n * 2 ** 36 + 1);
  const found = others.flatMap((other, seq) => {
    entries.add(kiosk, seq);
    entries.add(other, seq);
    return findAll(entries, other);
  });
  expect(found).toEqual(others.map((_, seq) => seq));
  expect(findAll(entries, kiosk)).toEqual(others.map((_, seq) => seq));
  expect(entries.sorted()).toHaveLength(4 * others.length);
});
