import type { MiddlewareHandler } from "hono";
import type { PlayerEdge } from "../http/edge.ts";
import { Memo } from "../memo.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";
import { limitFlood } from "./limit.ts";
import { deriveSessionKeys, forCampaign, readSession } from "./session.ts";
import type { Session, SessionKeys } from "./session.ts";

const BEARER = /^Bearer ([A-Za-z0-9._-]+)$/i;
const derived = new WeakMap<Env, SessionKeys>();

/** This isolate's session keys, derived once. */
export async function sessionKeysOf(env: Env): Promise<SessionKeys> {
  const known = derived.get(env);
  if (known !== undefined) return known;
  const { SESSION_KEY, SESSION_KEY_PREVIOUS } = settings(env);
  const keys = await deriveSessionKeys(SESSION_KEY, SESSION_KEY_PREVIOUS);
  derived.set(env, keys);
  return keys;
}

/** A page calls a few times within a minute; each time the same token would be checked anew. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED_SESSIONS = 10_000;
const remembered = new WeakMap<SessionKeys, Memo<Session>>();

async function rememberedSession(keys: SessionKeys, token: string, campaign: string, nowMs: number): Promise<Session> {
  const memo = remembered.get(keys) ?? new Memo<Session>(MAX_REMEMBERED_SESSIONS);
  remembered.set(keys, memo);
  const known = memo.get(token, nowMs);
  if (known !== undefined) return forCampaign(known, campaign);
  const session = await readSession(keys, token, campaign, nowMs);
  return memo.set(token, session, Math.min(nowMs + REMEMBERED_MS, session.expiresAtMs));
}

/** Lets through who has a session for the campaign in the path, and is no flood; puts it in `session`. */
export const withSession: MiddlewareHandler<PlayerEdge> = async (c, next) => {
  const token = BEARER.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === undefined) throw new Problem("session_invalid", "the Authorization header has no bearer token");
  const session = await rememberedSession(await sessionKeysOf(c.env), token, c.req.param("campaign") ?? "", Date.now());
  await limitFlood(c.env.PLAYER_LIMIT, `user:${session.sub}`);
  c.set("session", session);
  await next();
};
