import { expect, it } from "vitest";
import { hashKey, keysOf, NO_KEY } from "./index-keys.ts";

it("hashes texts to integers that a double holds exactly, and other ones for other kinds", () => {
  const texts = Array.from({ length: 5_000 }, (_, i) => `request-${i}`);
  const hashes = texts.map((text) => hashKey(1, text));
  expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
  expect(new Set([...hashes, ...texts.map((text) => hashKey(2, text))]).size).toBe(10_000);
});

it("tells a request from a recipient of the same name", () => {
  const { requests, recipients } = keysOf([
    { requestId: "one", recipient: "one" },
    { requestId: "two", recipient: null },
  ]);
  expect(requests[0]).not.toBe(recipients[0]);
  expect(recipients[1]).toBe(NO_KEY);
});
