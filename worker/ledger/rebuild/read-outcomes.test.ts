import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesHash } from "../lake.ts";
import type { LakeLines } from "../lake.ts";
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

/** An object of the lake, named as it was written. */
const written = (text: string): LakeLines => ({ key: `rewards/spring/2027-02-05/000000000001-${linesHash(text)}.ndjson`, lines: text });

describe("what the lake tells of rewards", () => {
  it("is read line by line", () => {
    const [one, other] = [outcome("a", 1), outcome("b", 2)];
    expect(readOutcomes(written(lines([one, other])))).toEqual([one, other]);
    expect(readOutcomes(written(""))).toEqual([]);
  });

  it("is nothing where a line was changed, is gone or came from elsewhere, and where one is no outcome", () => {
    const [one, other] = [outcome("a", 1), outcome("b", 2)];
    const { key } = written(lines([one, other]));
    const changed = [lines([one]), lines([one, { ...other, version: 3 }]), lines([one, other, one]), ""];
    for (const text of changed) expect(readOutcomes({ key, lines: text })).toBeNull();
    expect(readOutcomes({ key: "rewards/spring/2027-02-05/copy.ndjson", lines: lines([one]) })).toBeNull();
    for (const bad of ["{", "null", JSON.stringify({ ...one, version: 0 }), JSON.stringify({ ...one, type: "granted?" })]) {
      expect(readOutcomes(written(`${lines([other])}${bad}\n`))).toBeNull();
    }
  });

  it("is, of each card, its highest version, in whatever order the lines come and however often", () => {
    const all = ["a", "b", "c"].flatMap((card, i) => Array.from({ length: 3 + i }, (_, n) => outcome(card, n + 1)));
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), (told) => {
        expect(latestOfEach(readOutcomes(written(lines(told))) ?? [])).toEqual(
          new Map([outcome("a", 3), outcome("b", 4), outcome("c", 5)].map((latest) => [latest.card, latest])),
        );
      }),
    );
  });
});
