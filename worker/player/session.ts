import { Buffer } from "node:buffer";
import { hkdfSync } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { lineUserIdSchema } from "../cards/line-user.ts";
import { Problem } from "../problem.ts";
import { brokenRule } from "../tokens.ts";
import type { LineUser } from "./line-token.ts";

/** A LINE ID token lasts an hour and an open page is not given another; a card may wait some days for its scratch. */
const SESSION_LIFETIME_SECONDS = 72 * 3_600;
const ALGORITHM = "HS256";
const ISSUER = "kuji";
const AUDIENCE = "kuji-player";

const claimsSchema = z.object({
  sub: lineUserIdSchema,
  campaign: z.string(),
  exp: z.number(),
  name: z.string().optional(),
  picture: z.string().optional(),
});

/** A LINE user, recognised for one campaign. */
export interface Session {
  readonly sub: string;
  readonly campaign: string;
  readonly name?: string | undefined;
  readonly picture?: string | undefined;
  readonly expiresAtMs: number;
}

export interface SessionKeys {
  readonly current: CryptoKey;
  /** Accepted during rotation, never signed with. */
  readonly previous: CryptoKey | null;
}

/** The HS256 keys that HKDF-SHA256 (RFC 5869) derives from `SESSION_KEY` and its previous value. */
export async function deriveSessionKeys(current: string, previous?: string): Promise<SessionKeys> {
  return { current: await deriveKey(current), previous: previous === undefined ? null : await deriveKey(previous) };
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const raw = Buffer.from(hkdfSync("sha256", secret, "", "kuji player session v1", 32));
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
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
export async function readSession(keys: SessionKeys, token: string, campaign: string, nowMs: number): Promise<Session> {
  const { exp, ...claims } = claimsSchema.parse(await verify(keys, token, nowMs));
  if (claims.campaign !== campaign) throw new Problem("session_invalid", "campaign: the session is of another campaign");
  return { ...claims, expiresAtMs: exp * 1000 };
}

async function verify(keys: SessionKeys, token: string, nowMs: number): Promise<unknown> {
  const check = async (key: CryptoKey) => {
    const rules = {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(nowMs),
    };
    return (await jwtVerify(token, key, rules)).payload;
  };
  try {
    return await check(keys.current).catch((error: unknown) => {
      if (keys.previous === null || !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      return check(keys.previous);
    });
  } catch (error) {
    const rule = brokenRule(error);
    throw rule === null ? error : new Problem("session_invalid", rule);
  }
}
