import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";

const ROOT = `${import.meta.dirname}/..`;
const PARTS = ["queue", "D1", "R2", "KV", "provider", "LINE", "RewardGate", "PrizePool", "CardIssuer"];
const FAULTS = ["slow", "error", "down", "duplicated", "reordered", "crash mid-way"];

let section: readonly string[];
beforeAll(async () => {
  const [, after = ""] = (await readFile(`${ROOT}/RELIABILITY.md`, "utf8")).split("\n## Every part, every fault\n");
  section = (after.split("\n## ")[0] ?? "").split("\n");
});

/** The cells of the rows of the first table. */
function matrix(): string[][] {
  const first = section.findIndex((line) => line.startsWith("|"));
  const length = section.slice(first).findIndex((line) => !line.startsWith("|"));
  const rows = section.slice(first, first + length).map((line) => line.split("|").slice(1, -1));
  return rows.map((row) => row.map((cell) => cell.trim()));
}

/** The list of tests, by number. */
function listed(): Map<number, { readonly file: string; readonly title: string }> {
  const entries = section.flatMap((line) => {
    const [, number = "", file = "", title = ""] = /^(\d+)\. `([^`]+)`: "(.+)"$/.exec(line) ?? [];
    return number === "" ? [] : [[Number(number), { file, title }] as const];
  });
  return new Map(entries);
}

it("the matrix of faults has a test, or a reason, for each part and each fault, and lists no test that it does not name", () => {
  const [head = [], , ...rows] = matrix();
  expect(head.slice(1)).toEqual(FAULTS);
  expect(rows.map(([part]) => part)).toEqual(PARTS);
  const cells = rows.flatMap((row) => row.slice(1));
  for (const cell of cells) expect(cell).not.toBe("");
  const named = cells.flatMap((cell) => [...cell.matchAll(/\d+/g)].map(([number]) => Number(number)));
  expect(new Set(named)).toEqual(new Set(listed().keys()));
});

it("every test that the matrix of faults names is in the file that it names", async () => {
  for (const { file, title } of listed().values()) {
    const titles = (await readFile(`${ROOT}/${file}`, "utf8")).includes(`"${title}"`);
    expect({ file, title, exists: titles }).toEqual({ file, title, exists: true });
  }
});
