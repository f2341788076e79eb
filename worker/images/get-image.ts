import type { Context } from "hono";
import { errorText } from "../error-text.ts";
import type { Edge } from "../http/edge.ts";
import { Problem } from "../problem.ts";
import { imageType } from "../pools/upload-key.ts";
import { readImageRequest } from "./image-request.ts";

/** Cloudflare's cache and a phone keep a picture for an hour; for a week after it they show the old one while they look for a new one. */
const CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=604800";
/** A larger one is held in no memory: it is given as it is. */
const MAX_SOURCE_BYTES = 10_000_000;

/** Answers a campaign's picture, `{campaign}/images/{name}` in the bucket: as it is, or made narrower once and kept by the cache. */
export async function getImage(c: Context<Edge>): Promise<Response> {
  const wanted = readImageRequest(c.req.param("campaign") ?? "", c.req.param("name") ?? "", c.req.query("w"));
  if (wanted === null) throw new Problem("not_found");
  const cache = caches.default;
  const known = await cache.match(c.req.raw);
  if (known !== undefined) return known;
  const source = await c.env.POOLS.get(wanted.key);
  if (source === null) throw new Problem("not_found");
  const response =
    wanted.width === null || source.size > MAX_SOURCE_BYTES
      ? answered(source.body, imageType(source.key), source.httpEtag)
      : await narrowed(c.env, source, wanted.width);
  c.executionCtx.waitUntil(cache.put(c.req.raw, response.clone()));
  return response;
}

/** The picture in this width at most; as it is where it cannot be made. */
async function narrowed(env: Env, source: R2ObjectBody, width: number): Promise<Response> {
  const bytes = await source.arrayBuffer();
  try {
    const made = await env.IMAGES.input(new Blob([bytes]).stream())
      .transform({ width, fit: "scale-down" })
      .output({ format: "image/webp" });
    return answered(made.image(), "image/webp", `"${source.etag}-${width}"`);
  } catch (error) {
    console.error(JSON.stringify({ message: "picture not made narrower", object: source.key, width, error: errorText(error) }));
    return answered(bytes, imageType(source.key), source.httpEtag);
  }
}

function answered(body: BodyInit, type: string, etag: string): Response {
  return new Response(body, {
    headers: {
      "content-type": type,
      etag,
      "cache-control": CACHE_CONTROL,
      "x-content-type-options": "nosniff",
      // Opened by itself it is a picture and nothing else.
      "content-security-policy": "default-src 'none'; sandbox",
    },
  });
}
