import { expect, test } from "vitest";
import { fixed, markdownTable, verdict, whole } from "./section.ts";

test("a table has its figures to the right, and a bar in a cell stays in it", () => {
  expect(
    markdownTable(
      ["name", "rate", "note"],
      [
        ["a|b", "1,200", "x"],
        ["c", "–", "2 of them"],
        ["d", "≥ 3", "y"],
      ],
    ),
  ).toBe(["| name | rate | note |", "| --- | --: | --- |", "| a\\|b | 1,200 | x |", "| c | – | 2 of them |", "| d | ≥ 3 | y |"].join("\n"));
});

test("what was not measured is a dash", () => {
  expect([whole(null), whole(Number.NaN), fixed(undefined, 2), fixed(Infinity, 1)]).toEqual(["–", "–", "–", "–"]);
  expect([whole(1234.6), fixed(1.005, 1)]).toEqual(["1,235", "1.0"]);
});

test("a target that is missed is said so", () => {
  expect([verdict(2, 2), verdict(1.99, 2), verdict(5, null)]).toEqual(["≥ 2", "**below 2**", "–"]);
});
