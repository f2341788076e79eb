import { Buffer } from "node:buffer";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { call, ORIGIN, problemOf } from "../edge.fixture.ts";

/** Red, 400 pixels by 300. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAZAAAAEsAQMAAADXeXeBAAAAA1BMVEXIEC6u0uW8AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAJklEQVRo3u3BMQEAAADCoPVPbQlPoAAAAAAAAAAAAAAAAAAAgKcBO8QAASd/ngkAAAAASUVORK5CYII=",
  "base64",
);
const NAME = "sticker.png";

beforeAll(async () => {
  await env.POOLS.put(`spring/images/${NAME}`, PICTURE);
  await env.POOLS.put("spring/images/broken.png", "no picture at all");
});

describe("a campaign's picture", () => {
  it("is answered as it was uploaded, and can be nothing but a picture", async () => {
    const response = await call(`/images/spring/${NAME}`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "image/png",
      "cache-control": expect.stringContaining("max-age=3600") as string,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(PICTURE)).toBe(true);
  });

  it.each([
    [120, 120],
    [1_280, 400],
  ])("asked for in a width of %d is %d pixels wide: narrower, never wider", async (asked, width) => {
    const response = await call(`/images/spring/${NAME}?w=${asked}`);
    expect(response.headers.get("content-type")).toBe("image/webp");
    expect(await env.IMAGES.info(new Blob([await response.arrayBuffer()]).stream())).toMatchObject({ format: "image/webp", width });
  });

  it("that cannot be made narrower is answered as it is", async () => {
    const response = await call("/images/spring/broken.png?w=320");
    expect([response.status, await response.text()]).toEqual([200, "no picture at all"]);
  });

  it("is answered as it was uploaded where Cloudflare Images is not to be had", async () => {
    const context = createExecutionContext();
    const response = await app.fetch(new Request(`${ORIGIN}/images/spring/${NAME}?w=640`), { ...env, IMAGES: undefined }, context);
    await waitOnExecutionContext(context);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await response.arrayBuffer()).equals(PICTURE)).toBe(true);
  });

  it.each(["/images/spring/none.png", `/images/spring/${NAME}?w=333`, "/images/spring/campaign.json", "/images/Spring/a.png"])(
    "is not at %s",
    async (path) => {
      const response = await call(path);
      expect(response.status).toBe(404);
      expect(await problemOf(response)).toBe("not_found");
    },
  );
});
