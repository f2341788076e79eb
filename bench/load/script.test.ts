import { expect, test } from "vitest";
import { fill, partsOf, thinkingMs } from "./script.ts";

test("a request is filled with what the visit has, and not sent without", () => {
  const parts = partsOf('POST /cards/{card} HTTP/1.1\r\n\r\n{"trail":[]}');
  expect(fill(parts, { card: "AQ-1" })).toBe('POST /cards/AQ-1 HTTP/1.1\r\n\r\n{"trail":[]}');
  expect(() => fill(parts, {})).toThrow("a visit has no card");
});

test("a script takes as long as its thinking", () => {
  expect(thinkingMs([0, 200, 300].map((thinkMs) => ({ name: "step", thinkMs, request: [] })))).toBe(500);
});
