import { describe, expect, it } from "vitest";
import { Memo } from "./memo.ts";

describe("Memo", () => {
  it("remembers until the time said, a null too, and then no more", () => {
    const memo = new Memo<string | null>(10);
    expect(memo.set("a", "one", 100)).toBe("one");
    memo.set("b", null, 100);
    expect([memo.get("a", 99), memo.get("b", 99), memo.get("c", 99)]).toEqual(["one", null, undefined]);
    expect([memo.get("a", 100), memo.get("b", 100)]).toEqual([undefined, undefined]);
  });

  it("never holds more than its bound, and always what was said last", () => {
    const memo = new Memo<number>(3);
    for (let i = 0; i < 100; i++) {
      memo.set(`key-${i}`, i, 1_000);
      const held = Array.from({ length: 100 }, (_, key) => memo.get(`key-${key}`, 0)).filter((value) => value !== undefined);
      expect(held.length).toBeLessThanOrEqual(3);
      expect(held.at(-1)).toBe(i);
    }
  });
});
