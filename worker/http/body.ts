import type { Context, MiddlewareHandler } from "hono";
import type { Edge } from "./edge.ts";
import { Problem } from "../problem.ts";

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * The body as bytes; more than `limitBytes` is `body_too_large`. A declared length is believed because HTTP framing holds the sender to it;
 * without one the bytes are counted as they arrive.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = request.headers.get("content-length");
  if (declared === null) return request.body === null ? new Uint8Array() : readCounted(request.body, limitBytes);
  if (Number(declared) > limitBytes) throw tooLarge(limitBytes);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > limitBytes) throw tooLarge(limitBytes);
  return bytes;
}

async function readCounted(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > limitBytes) {
      await reader.cancel();
      throw tooLarge(limitBytes);
    }
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge(limitBytes: number): Problem {
  return new Problem("body_too_large", `this call takes a body of at most ${limitBytes} bytes`);
}

/** Hands `bytes` to the route's schema as its JSON text: the body is read once and parsed once. */
export function acceptJson(c: Context, bytes: Uint8Array): void {
  if (bytes.length > 0 && !JSON_TYPE.test(c.req.header("content-type") ?? "")) throw new Problem("unsupported_media_type");
  // Hono keeps a promise of the text here, whatever the type says.
  c.req.bodyCache.text = Promise.resolve(decode(bytes)) as unknown as string;
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Problem("invalid_request", "the body is not UTF-8");
  }
}

/** Middleware of a route that takes a JSON body. */
export function jsonBody(limitBytes: number): MiddlewareHandler<Edge> {
  return async function readJson(c, next) {
    acceptJson(c, await readBody(c.req.raw, limitBytes));
    await next();
  };
}
