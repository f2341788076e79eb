import { expect, test } from "vitest";
import { describeProvider, ProviderTallies } from "./provider-tallies.ts";

function tallied(...reports: readonly (readonly [Parameters<ProviderTallies["add"]>[0], number])[]): ProviderTallies {
  const tallies = new ProviderTallies();
  for (const [report, differing] of reports) tallies.add(report, differing);
  return tallies;
}

test("the pages of a provider are one line", () => {
  const page = { status: "compared", provider: "points", grants: 1_000, waiting: 0, told: 0 } as const;
  const tallies = tallied([page, 2], [{ ...page, grants: 234 }, 0]);
  expect(tallies.all.map(describeProvider)).toEqual(["provider points: 1234 grants compared, 2 differ"]);
  expect(tallies.sum()).toEqual({ grants: 1_234, unasked: 0 });
});

test("grants whose outcome is on its way are told apart", () => {
  const tallies = tallied([{ status: "compared", provider: "points", grants: 5, waiting: 3, told: 0 }, 0]);
  expect(tallies.all.map(describeProvider)).toEqual(["provider points: 5 grants compared, 0 differ, 3 on their way to the ledger"]);
});

test("who was not compared, or not to the end, is told why; only who has a list counts as not asked", () => {
  const tallies = tallied(
    [{ status: "unlisted", provider: "LINE", reason: "it shows no list" }, 0],
    [{ status: "unasked", provider: "coins", reason: "answered 500" }, 0],
    [{ status: "compared", provider: "points", grants: 1_000, waiting: 0, told: 0 }, 1],
    [{ status: "unasked", provider: "points", reason: "no answer within 10 s" }, 0],
  );
  expect(tallies.all.map(describeProvider)).toEqual([
    "provider LINE: not compared: it shows no list",
    "provider coins: not compared: answered 500",
    "provider points: 1000 grants compared, 1 differ; the rest not compared: no answer within 10 s",
  ]);
  expect(tallies.sum()).toEqual({ grants: 1_000, unasked: 2 });
});
