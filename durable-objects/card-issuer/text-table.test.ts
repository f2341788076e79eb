import fc from "fast-check";
import { expect, it } from "vitest";
import { TextTable } from "./text-table.ts";

it("is a map of texts, also where all of them have one hash", () => {
  const text = fc.string({ maxLength: 2 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.nat())), fc.constantFrom(1, 3, 2 ** 53 - 1), (sets, hashes) => {
      const hashOf = (one: string) => (one.length * 2 ** 40 + one.length) % hashes;
      const table = new TextTable<number>();
      for (const [one, value] of sets) table.set(hashOf(one), one, value);
      for (const [one, value] of new Map(sets)) expect(table.get(hashOf(one), one)).toBe(value);
      expect(table.get(hashOf("not there"), "not there")).toBeUndefined();
    }),
  );
});
