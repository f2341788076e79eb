import { Buffer } from "node:buffer";
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import { lineUserIdSchema } from "../cards/line-user.ts";
import { Problem } from "../problem.ts";
import type { LineUser } from "./line-token.ts";

/** A LINE ID token lasts an hour and an open page is not given another; a card may wait some days for its scratch. */
const SESSION_LIFETIME_SECONDS = 72 * 3_600;
const ALGORITHM = "HS256";
const ISSUER = "kuji";
const AUDIENCE = "kuji-player";

/** `{"alg":"HS256"}` */
const HEADER = Buffer.from(JSON.stringify({ alg: ALGORITHM })).toString("base64url");

const claimsSchema = z.object({
  iss: z.literal(ISSUER),
  aud: z.literal(AUDIENCE),
  sub: lineUserIdSchema,
  campaign: z.string(),
  exp: z.number(),
  name: z.string().optional(),
  picture: z.string().optional(),
});

type Claims = z.output<typeof claimsSchema>;

/** A LINE user, recognised for one campaign. */
export interface Session {
  readonly sub: string;
  readonly campaign: string;
  readonly name?: string | undefined;
  readonly picture?: string | undefined;
  readonly expiresAtMs: number;
}

export interface SessionKeys {
  readonly current: Uint8Array;
  /** Accepted during rotation, never signed with. */
  readonly previous: Uint8Array | null;
}

/** The HS256 keys that HKDF-SHA256 (RFC 5869) derives from `SESSION_KEY` and its previous value. */
export function deriveSessionKeys(current: string, previous?: string): SessionKeys {
  return { current: deriveKey(current), previous: previous === undefined ? null : deriveKey(previous) };
}

function deriveKey(secret: string): Uint8Array {
  return Buffer.from(hkdfSync("sha256", secret, "", "kuji player session v1", 32));
}

export interface OpenedSession {
  readonly session: string;
  readonly expiresAtMs: number;
}

export async function openSession(
  keys: SessionKeys,
  campaign: string,
  { sub, name, picture }: LineUser,
  nowMs: number,
): Promise<OpenedSession> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const expiresAtSeconds = nowSeconds + SESSION_LIFETIME_SECONDS;
  const session = await new SignJWT({ campaign, ...(name === undefined ? {} : { name }), ...(picture === undefined ? {} : { picture }) })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(sub)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(expiresAtSeconds)
    .sign(keys.current);
  return { session, expiresAtMs: expiresAtSeconds * 1000 };
}

/** The session of this token for this campaign, or `session_invalid`. */
export function readSession(keys: SessionKeys, token: string, campaign: string, nowMs: number): Session {
  const { exp, sub, campaign: of, name, picture } = verify(keys, token, nowMs);
  return forCampaign({ sub, campaign: of, name, picture, expiresAtMs: exp * 1000 }, campaign);
}

/** The session, if it is for this campaign; else `session_invalid`. */
export function forCampaign(session: Session, campaign: string): Session {
  if (session.campaign !== campaign) throw refused("campaign: the session is of another campaign");
  return session;
}

/**
 * The claims of a token that one of the keys has signed and whose time is not over. It is read by hand: this is the call that there are most of, and
 * WebCrypto, which jose asks, makes each wait its turn and costs several times the HMAC. Only the one header that `openSession` writes is taken.
 */
function verify({ current, previous }: SessionKeys, token: string, nowMs: number): Claims {
  const [header, payload, signature, ...rest] = token.split(".");
  if (header !== HEADER || payload === undefined || signature === undefined || rest.length > 0) throw refused("it is no session of ours");
  const given = Buffer.from(signature);
  const isOf = (key: Uint8Array) => {
    const expected = Buffer.from(createHmac("sha256", key).update(`${header}.${payload}`).digest("base64url"));
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  if (!isOf(current) && (previous === null || !isOf(previous))) throw refused("the signature does not match");
  const claims = claimsSchema.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  if (nowMs >= claims.exp * 1000) throw refused("exp: the token has expired");
  return claims;
}

function refused(detail: string): Problem {
  return new Problem("session_invalid", detail);
}
