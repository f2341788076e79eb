import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWTPayload } from "jose";

/** A stand-in for whoever issues tokens: LINE with ES256, Cloudflare Access with RS256. */
export interface TokenIssuer {
  readonly jwks: { readonly keys: readonly object[] };
  /** Signs `claims`; with `header`, as a forger would write it. */
  sign(claims: JWTPayload, header?: { readonly kid?: string }): Promise<string>;
}

export async function tokenIssuer(algorithm: "ES256" | "RS256", kid = "key-1"): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" }] },
    sign: (claims, header = {}) => new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, ...header }).sign(privateKey),
  };
}

/** `claims` under any header, with any signature. */
export function forge(header: object, claims: object, signature = ""): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(claims)}.${signature}`;
}
