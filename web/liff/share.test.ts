import { describe, expect, test } from "vitest";
import { shareBy, type Ways } from "./share.ts";

const never = () => Promise.reject(new Error("another way was open"));
const none: Ways = { picker: null, system: null, copy: () => Promise.resolve(true) };
const failing = (name: string) => () => Promise.reject(Object.assign(new Error("no"), { name }));

describe("sharing", () => {
  test.each(["sent", "cancelled"] as const)("by LINE's own list is %s, and asks in no other way", async (outcome) => {
    expect(await shareBy({ picker: () => Promise.resolve(outcome), system: never, copy: never })).toBe(outcome);
  });

  test.each([
    ["is not available", () => Promise.resolve("unavailable" as const)],
    ["fails", failing("FORBIDDEN")],
    ["is not there", null],
  ])("goes by the system's sheet where LINE's list %s", async (_why, picker) => {
    expect(await shareBy({ picker, system: () => Promise.resolve(), copy: never })).toBe("sent");
  });

  test("ends where the user closes the system's sheet", async () => {
    expect(await shareBy({ ...none, system: failing("AbortError"), copy: never })).toBe("cancelled");
  });

  test("does nothing where the system's sheet is open already", async () => {
    expect(await shareBy({ ...none, system: failing("InvalidStateError"), copy: never })).toBe("cancelled");
  });

  test("copies the link where nothing else is allowed, and shows it where not even that is", async () => {
    expect(await shareBy({ ...none, system: failing("NotAllowedError") })).toBe("copied");
    expect(await shareBy({ ...none, copy: () => Promise.resolve(false) })).toBe("shown");
  });
});
