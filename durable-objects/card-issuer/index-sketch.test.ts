import fc from "fast-check";
import { expect, it } from "vitest";
import { hashKey } from "./index-keys.ts";
import { mayHold, sketchOf } from "./index-sketch.ts";

const entriesOf = (hashes: readonly number[]) => Float64Array.from(hashes.toSorted((a, b) => a - b).flatMap((hash, seq) => [hash, seq]));
const hashesOf = (name: string, count: number) => Array.from({ length: count }, (_, i) => hashKey(1, `${name} ${i}`));

it("never denies what is there", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 53 - 1), { maxLength: 500 }), (hashes) => {
      const sketch = sketchOf(entriesOf(hashes));
      for (const hash of hashes) expect(mayHold(sketch, hash)).toBe(true);
    }),
  );
});

it.each([1_000, 43_690, 131_072])("denies nearly all that is not there, of %i entries as of any other number", (entries) => {
  const sketch = sketchOf(entriesOf(hashesOf("held", entries)));
  const found = hashesOf("other", 20_000).filter((hash) => mayHold(sketch, hash));
  expect(found.length).toBeLessThan(300);
});
