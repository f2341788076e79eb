import * as fc from "fast-check";
import { expect, it } from "vitest";
import { packCodes, partsOf } from "../code-digests.ts";
import { findDuplicates } from "./duplicates.ts";
import type { Duplicate } from "./duplicates.ts";

const code = fc.nat({ max: 25 }).map(String);
const file = fc.array(code, { maxLength: 40 });

function parts(codes: readonly string[]): Map<number, Uint32Array> {
  const { digests } = packCodes(codes.map((one, i) => ({ prize: "code", code: one, line: i + 2 })));
  return new Map([...partsOf(digests)].map(({ part, entries }) => [part, new Uint32Array(entries.slice().buffer)]));
}

it("finds every line whose code stands above it or in another file, and no other", () => {
  fc.assert(
    fc.property(file, fc.array(file, { maxLength: 3 }), (own, others) => {
      const theirs = others.map(parts);
      const found = [...parts(own)].flatMap(([part, words]) =>
        findDuplicates(
          words,
          theirs.map((their) => their.get(part) ?? new Uint32Array()),
        ),
      );
      const expected = own.flatMap((one, i): Partial<Duplicate>[] => {
        const first = own.indexOf(one);
        if (first < i) return [{ line: i + 2, other: null, firstLine: first + 2 }];
        const other = others.findIndex((their) => their.includes(one));
        return other === -1 ? [] : [{ line: i + 2, other }];
      });
      expect(found.sort((a, b) => a.line - b.line)).toMatchObject(expected);
      expect(found).toHaveLength(expected.length);
    }),
  );
});
