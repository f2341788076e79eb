import { jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { Problem } from "../problem.ts";
import { brokenRule, KeysUnavailable } from "../tokens.ts";

/** Cloudflare Access signs with RS256 only. https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/ */
const ALGORITHM = "RS256";

export const ROLES = ["operator", "care", "approver", "viewer"] as const;
export type Role = (typeof ROLES)[number];

/** Access carries what the identity provider says in `custom`; a stand-in may say it beside the other claims. Other groups than our roles are nobody's business here. */
const claimsSchema = z.object({
  email: z.string().min(1).max(320),
  groups: z.array(z.string()).optional(),
  custom: z.object({ groups: z.array(z.string()).optional() }).optional(),
});

/** Who calls, and what they may do. */
export interface Operator {
  readonly email: string;
  readonly roles: ReadonlySet<Role>;
}

export interface AccessRules {
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly nowMs: number;
}

/** Verifies the token that Cloudflare Access adds to a request it lets through: signature, algorithm, `iss`, `aud`, `exp`. A refused one is `access_token_invalid`. */
export async function verifyAccessToken(token: string, { keys, issuer, audience, nowMs }: AccessRules): Promise<Operator> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [ALGORITHM],
      issuer,
      audience,
      requiredClaims: ["exp"],
      currentDate: new Date(nowMs),
    });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw new Problem("access_token_invalid", "email: this claim was not accepted");
    const { email, groups = [], custom } = claims.data;
    const named = new Set([...groups, ...(custom?.groups ?? [])]);
    return { email, roles: new Set(ROLES.filter((role) => named.has(role))) };
  } catch (error) {
    if (error instanceof KeysUnavailable)
      throw new Problem("overloaded", "Cloudflare Access cannot be reached; please try again in a moment");
    const rule = brokenRule(error);
    throw rule === null ? error : new Problem("access_token_invalid", rule);
  }
}
