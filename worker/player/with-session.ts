import type { MiddlewareHandler } from "hono";
import type { PlayerEdge } from "../http/edge.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";
import { limitFlood } from "./limit.ts";
import { deriveSessionKeys, readSession } from "./session.ts";
import type { SessionKeys } from "./session.ts";

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

/** Lets through who has a session for the campaign in the path, and is no flood; puts it in `session`. */
export const withSession: MiddlewareHandler<PlayerEdge> = async (c, next) => {
  const token = BEARER.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === undefined) throw new Problem("session_invalid", "the Authorization header has no bearer token");
  const session = await readSession(await sessionKeysOf(c.env), token, c.req.param("campaign") ?? "", Date.now());
  await limitFlood(c.env.PLAYER_LIMIT, `user:${session.sub}`);
  c.set("session", session);
  await next();
};
