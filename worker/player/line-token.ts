import { jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { lineUserIdSchema } from "../cards/line-user.ts";
import { Problem } from "../problem.ts";
import { brokenRule, KeysUnavailable } from "../tokens.ts";

/** LIFF ID tokens are ES256; accepting another algorithm would let the caller choose how it is checked. https://developers.line.biz/en/docs/line-login/verify-id-token/ */
const ALGORITHM = "ES256";

const claimsSchema = z.object({ sub: lineUserIdSchema, name: z.string().max(200).optional(), picture: z.url().max(500).optional() });

/** Whom LINE says the caller is. */
export type LineUser = z.output<typeof claimsSchema>;

export interface LineTokenRules {
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  /** The LINE Login channel of the campaign. */
  readonly channelId: string;
  readonly nowMs: number;
}

/**
 * Verifies a LIFF ID token with no call to LINE: signature, algorithm, `iss`, `aud`, `exp`. A refused one is `line_token_invalid`;
 * when LINE's keys cannot be had it is `overloaded`, for then nothing is known of the token.
 */
export async function verifyLineToken(idToken: string, { keys, issuer, channelId, nowMs }: LineTokenRules): Promise<LineUser> {
  try {
    const { payload } = await jwtVerify(idToken, keys, {
      algorithms: [ALGORITHM],
      issuer,
      audience: channelId,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(nowMs),
    });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw new Problem("line_token_invalid", "sub: this claim was not accepted");
    return claims.data;
  } catch (error) {
    if (error instanceof KeysUnavailable) throw new Problem("overloaded", "LINE cannot be reached; please try again in a moment");
    throw refusal(error);
  }
}

function refusal(error: unknown): unknown {
  const rule = brokenRule(error);
  return rule === null ? error : new Problem("line_token_invalid", rule);
}
