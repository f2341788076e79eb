import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latestOfEach, readOutcomes } from "./read-outcomes.ts";
import type { Outcome } from "./read-outcomes.ts";

const outcome = (card: string, version: number): Outcome => ({
  type: version % 2 === 0 ? "redriven" : "failed",
  at: 1_000 * version,
  card,
  version,
  redrives: Math.floor(version / 2),
  attempts: 3,
  lastError: "no such account",
  receipt: null,
});
const lines = (outcomes: readonly object[]) => outcomes.map((line) => `${JSON.stringify(line)}\n`).join("");

describe("what the lake tells of rewards", () => {
  it("is read line by line, and what is no outcome is counted and left out", () => {
    const [good, other] = [outcome("a", 1), outcome("b", 2)];
    const bad = ["{", "null", JSON.stringify({ ...good, version: 0 }), JSON.stringify({ ...good, type: "granted?" })];
    expect(readOutcomes(lines([good]) + bad.map((line) => `${line}\n`).join("") + lines([other]))).toEqual({
      outcomes: [good, other],
      damaged: bad.length,
    });
    expect(readOutcomes("")).toEqual({ outcomes: [], damaged: 0 });
  });

  it("is, of each card, its highest version, in whatever order the lines come and however often", () => {
    const all = ["a", "b", "c"].flatMap((card, i) => Array.from({ length: 3 + i }, (_, n) => outcome(card, n + 1)));
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), (told) => {
        expect(latestOfEach(readOutcomes(lines(told)).outcomes)).toEqual(
          new Map([outcome("a", 3), outcome("b", 4), outcome("c", 5)].map((latest) => [latest.card, latest])),
        );
      }),
    );
  });
});
