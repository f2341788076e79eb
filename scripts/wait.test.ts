import { expect, test } from "vitest";
import { waitFor } from "./wait.ts";

test("it gives what the probe gives, once that is something", async () => {
  let asked = 0;
  expect(await waitFor({ what: "three", timeoutMs: 1_000, everyMs: 1 }, async () => ((asked += 1) < 3 ? null : asked))).toBe(3);
});

test("a wait that is over says for what, how long, and what the last error was", async () => {
  const wait = waitFor({ what: "the moon", timeoutMs: 20, everyMs: 1 }, () => Promise.reject(new Error("not up")));
  await expect(wait).rejects.toThrow("waited 0 s for the moon; last: not up");
});
