import type { MiddlewareHandler } from "hono";
import type { PlayerEdge } from "../http/edge.ts";
import { Memo } from "../memo.ts";
import { Problem } from "../problem.ts";
import { settings } from "../settings.ts";
import { limitFlood } from "./limit.ts";
import { deriveSessionKeys, readSession } from "./session.ts";
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
/** Half a kilobyte each, and as many users: some fifteen megabytes of an isolate's 128. */
const MAX_REMEMBERED_CALLERS = 20_000;
/** Calls of a user in that time that are not counted against floods: more than a page makes, fewer than a flood would notice. */
const UNCOUNTED_CALLS = 20;

/** How often a user has called. */
interface Calls {
  made: number;
}

export interface Caller {
  readonly session: Session;
  readonly calls: Calls;
}

/** Who this isolate has recognised within the minute. */
class Callers {
  readonly #byHeader = new Memo<Caller>(MAX_REMEMBERED_CALLERS);
  readonly #byUser = new Memo<Calls>(MAX_REMEMBERED_CALLERS);

  /** The sender of this `Authorization` header, if it was checked. */
  find(authorization: string, nowMs: number): Caller | undefined {
    return this.#byHeader.get(authorization, nowMs);
  }

  remember(authorization: string, session: Session, nowMs: number): Caller {
    const untilMs = nowMs + REMEMBERED_MS;
    const calls = this.#byUser.get(session.sub, nowMs) ?? this.#byUser.set(session.sub, { made: 0 }, untilMs);
    return this.#byHeader.set(authorization, { session, calls }, Math.min(untilMs, session.expiresAtMs));
  }
}

const remembered = new WeakMap<Env, Callers>();

function callersOf(env: Env): Callers {
  const known = remembered.get(env);
  if (known !== undefined) return known;
  const callers = new Callers();
  remembered.set(env, callers);
  return callers;
}

/** Who sent this `Authorization` header, if this isolate has checked it within the minute, and for this campaign; else null. */
export function rememberedCaller(env: Env, authorization: string, campaign: string, nowMs: number): Caller | null {
  const caller = callersOf(env).find(authorization, nowMs);
  return caller !== undefined && caller.session.campaign === campaign ? caller : null;
}

/** Remembers the session that was just given to a page, which will come back with it within seconds. */
export function rememberSession(env: Env, token: string, session: Session, nowMs: number): void {
  callersOf(env).remember(`Bearer ${token}`, session, nowMs);
}

/** Who sends this `Authorization` header, if they have a session for the campaign; else `session_invalid`. */
export async function recogniseCaller(env: Env, authorization: string, campaign: string): Promise<Caller> {
  const nowMs = Date.now();
  const known = rememberedCaller(env, authorization, campaign, nowMs);
  if (known !== null) return known;
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new Problem("session_invalid", "the Authorization header has no bearer token");
  return callersOf(env).remember(authorization, await readSession(await sessionKeysOf(env), token, campaign, nowMs), nowMs);
}

/** Notes a call; whether there have been so few that nobody need count them. */
export function mayPass({ calls }: Caller): boolean {
  calls.made += 1;
  return calls.made <= UNCOUNTED_CALLS;
}

/** Lets through who has a session for the campaign in the path, and is no flood; puts it in `session`. */
export const withSession: MiddlewareHandler<PlayerEdge> = async (c, next) => {
  const caller = await recogniseCaller(c.env, c.req.header("authorization") ?? "", c.req.param("campaign") ?? "");
  if (!mayPass(caller)) await limitFlood(c.env.PLAYER_LIMIT, `user:${caller.session.sub}`);
  c.set("session", caller.session);
  await next();
};
