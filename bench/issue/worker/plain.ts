import { Hono } from "hono";

const AS_JSON = { headers: { "content-type": "application/json" } };
const bodies = new Map<number, Uint8Array<ArrayBuffer>>();

const app = new Hono().get("/plain/:bytes", (c) => {
  const bytes = Number(c.req.param("bytes"));
  const body = bodies.get(bytes) ?? new Uint8Array(bytes).fill(32);
  bodies.set(bytes, body);
  return new Response(body, AS_JSON);
});

/** Answers `/plain/{bytes}` with that many bytes, by Hono and nothing else; null for any other address. */
export function plain(url: string, request: Request): Response | Promise<Response> | null {
  return url.includes("/plain/") ? app.fetch(request) : null;
}
