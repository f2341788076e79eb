import { describe, expect, it } from "vitest";
import { drawsSchema, toDraw } from "./draw-request.ts";

const accepts = (value: unknown) => drawsSchema.safeParse(value).success;
const draws = (...items: unknown[]) => ({ draws: items });

describe("the body of a draw", () => {
  it("is turned into what an issuer takes", () => {
    const { draws: parsed } = drawsSchema.parse(
      draws({ requestId: "r 1" }, { requestId: "r2", recipient: "會員", lineUserId: "U1", metadata: { a: [1, null] } }),
    );
    expect(parsed.map(toDraw)).toEqual([
      { requestId: "r 1", recipient: null, lineUserId: null, metadata: null },
      { requestId: "r2", recipient: "會員", lineUserId: "U1", metadata: '{"a":[1,null]}' },
    ]);
  });

  it("has 1 to 500 draws", () => {
    const many = (count: number) => draws(...Array.from({ length: count }, (_, i) => ({ requestId: `r${i}` })));
    expect([0, 1, 500, 501].map((count) => accepts(many(count)))).toEqual([false, true, true, false]);
  });

  it("has no unknown field, anywhere", () => {
    expect(accepts({ ...draws({ requestId: "r" }), dryRun: true })).toBe(false);
    expect(accepts(draws({ requestId: "r", prize: "the big one" }))).toBe(false);
  });

  it("has ids of the right form", () => {
    for (const requestId of ["", "x".repeat(129), "會員", "a\nb", "a\0b", 7, null]) expect(accepts(draws({ requestId }))).toBe(false);
    for (const recipient of ["", "x".repeat(129), 7]) expect(accepts(draws({ requestId: "r", recipient }))).toBe(false);
    for (const lineUserId of ["", "x".repeat(65), "U 1", "會員"]) expect(accepts(draws({ requestId: "r", lineUserId }))).toBe(false);
  });

  it("has metadata that is an object of at most 1,024 bytes as JSON, counted in UTF-8", () => {
    const ofBytes = (bytes: number) => draws({ requestId: "r", metadata: { a: "x".repeat(bytes - '{"a":""}'.length) } });
    expect([1_024, 1_025].map((bytes) => accepts(ofBytes(bytes)))).toEqual([true, false]);
    expect(accepts(draws({ requestId: "r", metadata: { a: "員".repeat(400) } }))).toBe(false);
    for (const metadata of ["text", 1, [1], true]) expect(accepts(draws({ requestId: "r", metadata }))).toBe(false);
  });
});
