import { createHmac } from "node:crypto";
import { createLocalJWKSet } from "jose";
import type { JSONWebKeySet, JWTPayload } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { Problem } from "../problem.ts";
import { KeysUnavailable } from "../tokens.ts";
import { forge, tokenIssuer } from "../tokens.fixture.ts";
import type { TokenIssuer } from "../tokens.fixture.ts";
import { verifyLineToken } from "./line-token.ts";

const NOW_SECONDS = 1_800_000_000;
const ISSUER = "https://access.line.me";
const CHANNEL = "2000000000";
const SUB = `U${"0123456789abcdef".repeat(2)}`;
const CLAIMS = { iss: ISSUER, sub: SUB, aud: CHANNEL, exp: NOW_SECONDS + 3_600, iat: NOW_SECONDS, name: "Mei" };

let line: TokenIssuer;
beforeAll(async () => {
  line = await tokenIssuer("ES256");
});

function verify(idToken: string, jwks: object = line.jwks) {
  return verifyLineToken(idToken, {
    keys: createLocalJWKSet(jwks as JSONWebKeySet),
    issuer: ISSUER,
    channelId: CHANNEL,
    nowMs: NOW_SECONDS * 1000,
  });
}

async function refusal(idToken: string): Promise<string> {
  const error: unknown = await verify(idToken).then(
    () => new Error("it was accepted"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw error;
  expect(error.code).toBe("line_token_invalid");
  expect(error.message).not.toContain(SUB);
  expect(error.message).not.toContain(CHANNEL);
  return error.message;
}

describe("verifyLineToken", () => {
  it("gives the user of a right token", async () => {
    expect(await verify(await line.sign(CLAIMS))).toEqual({ sub: SUB, name: "Mei" });
    expect(await verify(await line.sign({ ...CLAIMS, picture: "https://profile.line-scdn.net/x" }))).toMatchObject({
      picture: "https://profile.line-scdn.net/x",
    });
  });

  it.each<[string, JWTPayload, string]>([
    ["expired", { exp: NOW_SECONDS - 1 }, "exp: the token has expired"],
    ["of another channel", { aud: "2000000001" }, "aud: this claim was not accepted"],
    ["of another issuer", { iss: "https://evil.example" }, "iss: this claim was not accepted"],
    ["not valid yet", { nbf: NOW_SECONDS + 60 }, "nbf: this claim was not accepted"],
    ["of no user", { sub: "" }, "sub: this claim was not accepted"],
    ["of what is no user id", { sub: "U1; DROP TABLE" }, "sub: this claim was not accepted"],
  ])("refuses a token that is %s", async (_what, claims, rule) => {
    expect(await refusal(await line.sign({ ...CLAIMS, ...claims }))).toBe(rule);
  });

  it.each(["exp", "sub", "aud", "iss"])("refuses a token without %s", async (claim) => {
    const { [claim]: _, ...claims } = CLAIMS as JWTPayload;
    expect(await refusal(await line.sign(claims))).toBe(`${claim}: this claim was not accepted`);
  });

  it("refuses alg none, however it is spelled", async () => {
    for (const alg of ["none", "None", "NONE", ""]) {
      expect(await refusal(forge({ alg, kid: "key-1" }, CLAIMS))).toMatch(
        /^(alg: this algorithm is not accepted|this is not a signed token)$/,
      );
    }
  });

  it("refuses a token made with the public key as an HMAC secret", async () => {
    const header = { alg: "HS256", kid: "key-1" };
    const body = forge(header, CLAIMS).slice(0, -1);
    const signature = createHmac("sha256", JSON.stringify(line.jwks.keys[0])).update(body).digest("base64url");
    expect(await refusal(forge(header, CLAIMS, signature))).toBe("alg: this algorithm is not accepted");
  });

  it("refuses a token of another's key, and one with a changed claim", async () => {
    const forger = await tokenIssuer("ES256");
    expect(await refusal(await forger.sign(CLAIMS))).toBe("the signature does not match");
    expect(await refusal(await forger.sign(CLAIMS, { kid: "key-2" }))).toBe("kid: no key of the issuer fits");
    const [header, , signature] = (await line.sign(CLAIMS)).split(".");
    const claims = Buffer.from(JSON.stringify({ ...CLAIMS, sub: `U${"f".repeat(32)}` })).toString("base64url");
    expect(await refusal(`${header}.${claims}.${signature}`)).toBe("the signature does not match");
  });

  it("refuses what is no token", async () => {
    for (const text of ["", "a", "a.b", "a.b.c", "....", "é.é.é"]) expect(await refusal(text)).toBe("this is not a signed token");
  });

  it("is overloaded, and judges nothing, when LINE's keys cannot be had", async () => {
    const rules = {
      keys: () => {
        throw new KeysUnavailable("down");
      },
      issuer: ISSUER,
      channelId: CHANNEL,
      nowMs: NOW_SECONDS * 1000,
    };
    await expect(verifyLineToken(await line.sign(CLAIMS), rules)).rejects.toMatchObject({ code: "overloaded" });
  });
});
