import { describe, expect, it } from "vitest";
import { readBody } from "./body.ts";

const LIMIT = 1_000;
const url = "https://kuji.test/";

/** A body of unknown length, in pieces; tells how many were taken. */
function streamed(pieces: number, bytesEach: number) {
  const taken = { pieces: 0 };
  const body = new ReadableStream({
    pull(controller) {
      if (taken.pieces === pieces) return controller.close();
      taken.pieces += 1;
      controller.enqueue(new Uint8Array(bytesEach).fill(taken.pieces));
    },
  });
  return { taken, request: new Request(url, { method: "POST", body, duplex: "half" } as RequestInit) };
}

describe("readBody", () => {
  it("gives the bytes as they came", async () => {
    expect(await readBody(new Request(url), LIMIT)).toEqual(new Uint8Array());
    expect(await readBody(new Request(url, { method: "POST", body: "{}" }), LIMIT)).toEqual(new Uint8Array([0x7b, 0x7d]));
    const { request } = streamed(3, 2);
    expect(await readBody(request, LIMIT)).toEqual(new Uint8Array([1, 1, 2, 2, 3, 3]));
  });

  it("takes a body of exactly the limit, and not one byte more", async () => {
    expect(await readBody(streamed(10, 100).request, LIMIT)).toHaveLength(LIMIT);
    await expect(readBody(streamed(1, LIMIT + 1).request, LIMIT)).rejects.toMatchObject({ code: "body_too_large" });
  });

  it("stops reading a body of unknown length where the limit is passed", async () => {
    const { request, taken } = streamed(1_000, 100);
    await expect(readBody(request, LIMIT)).rejects.toMatchObject({ code: "body_too_large" });
    expect(taken.pieces).toBeLessThan(20);
  });

  it("refuses a declared length before reading, and does not believe one that is too small", async () => {
    const declared = (length: string, body: string) => new Request(url, { method: "POST", body, headers: { "content-length": length } });
    await expect(readBody(declared("1001", "{}"), LIMIT)).rejects.toMatchObject({ code: "body_too_large" });
    await expect(readBody(declared("2", "x".repeat(LIMIT + 1)), LIMIT)).rejects.toMatchObject({ code: "body_too_large" });
  });
});
