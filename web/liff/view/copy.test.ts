import { expect, test } from "vitest";
import { copy } from "./copy.ts";

const willing = { writeText: () => Promise.resolve() };
const refusing = { writeText: () => Promise.reject(new Error("not allowed")) };
const never = () => {
  throw new Error("the clipboard had it already");
};

test("a text is copied by the clipboard, and nothing is selected", async () => {
  expect(await copy("CAFE", willing, never)).toBe("copied");
});

test.each([
  ["refuses", refusing],
  ["is not there", undefined],
])("where the clipboard %s the selection is copied, or at least left to the user", async (_how, clipboard) => {
  expect(await copy("CAFE", clipboard, () => true)).toBe("copied");
  expect(await copy("CAFE", clipboard, () => false)).toBe("selected");
});
