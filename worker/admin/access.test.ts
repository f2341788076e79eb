import { createLocalJWKSet } from "jose";
import type { JSONWebKeySet, JWTPayload } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { forge, tokenIssuer } from "../tokens.fixture.ts";
import type { TokenIssuer } from "../tokens.fixture.ts";
import { verifyAccessToken } from "./access.ts";

const NOW_SECONDS = 1_800_000_000;
const CLAIMS = {
  iss: "https://team.cloudflareaccess.com",
  aud: ["kuji-admin"],
  email: "mei@example.com",
  exp: NOW_SECONDS + 60,
  groups: ["operator"],
};

let access: TokenIssuer;
beforeAll(async () => {
  access = await tokenIssuer("RS256");
});

function verify(token: string) {
  const keys = createLocalJWKSet(access.jwks as unknown as JSONWebKeySet);
  return verifyAccessToken(token, { keys, issuer: CLAIMS.iss, audience: "kuji-admin", nowMs: NOW_SECONDS * 1000 });
}

describe("verifyAccessToken", () => {
  it("tells who calls and in which roles, from either place of the groups", async () => {
    expect(await verify(await access.sign(CLAIMS))).toEqual({ email: "mei@example.com", roles: new Set(["operator"]) });
    const { groups: _, ...rest } = CLAIMS;
    const custom = { ...rest, custom: { groups: ["care", "viewer", "office-party"] } };
    expect((await verify(await access.sign(custom))).roles).toEqual(new Set(["care", "viewer"]));
    expect((await verify(await access.sign(rest))).roles.size).toBe(0);
  });

  it.each<[string, JWTPayload]>([
    ["expired", { exp: NOW_SECONDS - 1 }],
    ["of another application", { aud: ["somebody-else"] }],
    ["of another team", { iss: "https://evil.cloudflareaccess.com" }],
    ["of nobody", { email: "" }],
  ])("refuses a token that is %s", async (_what, claims) => {
    await expect(verify(await access.sign({ ...CLAIMS, ...claims }))).rejects.toMatchObject({ code: "access_token_invalid" });
  });

  it("refuses other algorithms and other keys", async () => {
    const elliptic = await tokenIssuer("ES256");
    const forger = await tokenIssuer("RS256");
    for (const token of [await elliptic.sign(CLAIMS), await forger.sign(CLAIMS), forge({ alg: "none", kid: "key-1" }, CLAIMS), "x"]) {
      await expect(verify(token)).rejects.toMatchObject({ code: "access_token_invalid" });
    }
  });
});
