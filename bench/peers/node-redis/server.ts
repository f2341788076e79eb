import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { verifySignature } from "http-message-sig";
import { Redis } from "ioredis";
import { z } from "zod";

/**
 * What a team without Cloudflare would write: Hono on Node, one Lua script, and Redis that puts every write on disk before it answers.
 * `node server.ts PORT REDIS_PORT`; the partner's secret is in `PARTNER_SECRET` (base64).
 */
const [port = "", redisPort = ""] = process.argv.slice(2);
const secret = Buffer.from(process.env["PARTNER_SECRET"] ?? "", "base64");
const CLOCK_SKEW_SECONDS = 300;
const REQUIRED = ["@method", "@authority", "@path", "content-digest"];
const CARD_ID_BYTES = 24;

const drawSchema = z.strictObject({
  requestId: z.string().regex(/^[\x20-\x7e]{1,128}$/),
  recipient: z.string().min(1).max(128).optional(),
});
const drawsSchema = z.strictObject({ draws: z.array(drawSchema).min(1).max(500) });

interface Drawing extends Redis {
  draw(
    deck: string,
    requests: string,
    recipients: string,
    cards: string,
    log: string,
    limit: number,
    nowMs: number,
    ...draws: string[]
  ): Promise<string[]>;
}
const redis = new Redis({ port: Number(redisPort), enableAutoPipelining: true }) as Drawing;
redis.defineCommand("draw", { numberOfKeys: 5, lua: await readFile(join(import.meta.dirname, "../draw.lua"), "utf8") });
/** Limits of the campaigns, as they were loaded. */
const limits = new Map<string, number>();
for (const [campaign, limit] of Object.entries(await redis.hgetall("limits"))) limits.set(campaign, Number(limit));

async function isSigned(request: Request, body: Buffer): Promise<boolean> {
  try {
    await verifySignature(request, {
      policy: {
        algorithms: ["hmac-sha256"],
        requiredComponents: REQUIRED,
        requiredParameters: ["created", "keyid"],
        maxAge: 0,
        clockSkew: CLOCK_SKEW_SECONDS,
      },
      resolveVerifier: () => ({
        algorithm: "hmac-sha256",
        verify: (data, signature) => {
          const expected = createHmac("sha256", secret).update(data).digest();
          return expected.length === signature.length && timingSafeEqual(expected, signature);
        },
      }),
    });
  } catch {
    return false;
  }
  return request.headers.get("content-digest") === `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

const app = new Hono();
app.post("/partner/v1/campaigns/:campaign/draws", async (c) => {
  const campaign = c.req.param("campaign");
  const body = Buffer.from(await c.req.arrayBuffer());
  if (!(await isSigned(c.req.raw, body))) return c.json({ code: "signature_invalid" }, 401);
  const limit = limits.get(campaign);
  if (limit === undefined) return c.json({ code: "campaign_not_found" }, 404);
  const parsed = drawsSchema.safeParse(parse(body));
  if (!parsed.success) return c.json({ code: "invalid_request" }, 400);
  const { draws } = parsed.data;
  const args = draws.flatMap(({ requestId, recipient }) => [requestId, recipient ?? "", randomBytes(CARD_ID_BYTES).toString("base64url")]);
  const answers = await redis.draw(
    `{${campaign}}:deck`,
    `{${campaign}}:requests`,
    `{${campaign}}:recipients`,
    `{${campaign}}:cards`,
    `{${campaign}}:log`,
    limit,
    Date.now(),
    ...args,
  );
  const results = draws.map(({ requestId }, i) => {
    const [status, cardId] = [answers[2 * i], answers[2 * i + 1]];
    return cardId === "" ? { requestId, status } : { requestId, status, cardId, url: `https://liff.line.me/1/c/${campaign}/${cardId}` };
  });
  return c.json({ results });
});
/** Not a part of what is measured: a card as it stands; and a campaign and its deck, shuffled already. */
app.get("/cards/:campaign/:card", async (c) => {
  const card = await redis.hget(`{${c.req.param("campaign")}}:cards`, c.req.param("card"));
  if (card === null) return c.json({ code: "card_not_found" }, 404);
  const [state, , , requestId] = card.split("\n");
  return c.json({ requestId, state });
});
app.post("/load/:campaign", async (c) => {
  const campaign = c.req.param("campaign");
  const { limit, deck } = await c.req.json<{ limit: number; deck: string[] }>();
  await redis.hset("limits", campaign, limit);
  limits.set(campaign, limit);
  if (deck.length > 0) await redis.rpush(`{${campaign}}:deck`, ...deck);
  return c.json({});
});
app.get("/ready", (c) => c.text("ready"));

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
