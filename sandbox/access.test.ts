import { createRemoteJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { postJson, testSandbox } from "./sandbox.fixture.ts";

async function accessToken(origin: string, fields: Record<string, unknown> = {}): Promise<string> {
  const reply = await postJson(`${origin}/sandbox/access-token`, { email: "op@example.com", groups: ["operator"], ...fields });
  return ((await reply.json()) as { token: string }).token;
}

test("an Access token carries who and which groups, for the audience and issuer agreed", async () => {
  const { origin } = await testSandbox();
  const keys = createRemoteJWKSet(new URL(`${origin}/cdn-cgi/access/certs`));
  const { payload } = await jwtVerify(await accessToken(origin), keys, { issuer: origin, audience: "kuji-admin", algorithms: ["RS256"] });
  expect(payload).toMatchObject({ email: "op@example.com", groups: ["operator"] });
});

test("audience and issuer are a matter of configuration", async () => {
  const { origin } = await testSandbox({ accessAudience: "another", accessIssuer: "https://team.cloudflareaccess.com" });
  const keys = createRemoteJWKSet(new URL(`${origin}/cdn-cgi/access/certs`));
  const { payload } = await jwtVerify(await accessToken(origin), keys);
  expect(payload).toMatchObject({ iss: "https://team.cloudflareaccess.com", aud: ["another"] });
});

test("an expired token can be had, for a verifier to refuse", async () => {
  const { origin } = await testSandbox();
  const keys = createRemoteJWKSet(new URL(`${origin}/cdn-cgi/access/certs`));
  await expect(jwtVerify(await accessToken(origin, { expiresIn: -60 }), keys)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
});

test.each([
  ["no e-mail address", { email: "operator" }],
  ["no groups", { groups: undefined }],
  ["an unknown field", { role: "admin" }],
])("%s is refused", async (_, fields) => {
  const { origin } = await testSandbox();
  const reply = await postJson(`${origin}/sandbox/access-token`, { email: "op@example.com", groups: [], ...fields });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ code: "invalid_request" });
});
