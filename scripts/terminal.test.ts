import { expect, test } from "vitest";
import { table } from "./terminal.ts";

test("a table sets text to the left and numbers to the right, a wide character taking two columns", () => {
  expect(
    table(
      ["prize", "issued"],
      [
        ["咖啡", 7],
        ["points-10", 160],
      ],
    ).split("\n"),
  ).toEqual(["prize      issued", "─────────────────", "咖啡            7", "points-10     160"]);
});
