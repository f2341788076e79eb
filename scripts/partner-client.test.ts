import { createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { createHmac } from "node:crypto";
import { verifySignature } from "http-message-sig";
import { expect, test } from "vitest";
import { ed25519Key, hmacKey, signedRequest } from "./partner-client.ts";

const DRAWS = "http://localhost:8787/partner/v1/campaigns/demo/draws";
const policy = (algorithm: string, components: readonly string[]) => ({
  algorithms: [algorithm],
  requiredComponents: components,
  requiredParameters: ["created", "keyid"],
  maxAge: 300,
});

test("an Ed25519 request verifies over method, authority, path and body digest", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = ed25519Key("k", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const body = { draws: [{ requestId: "r-1" }] };
  const request = await signedRequest(key, DRAWS, "POST", body);
  const verified = await verifySignature(request, {
    policy: policy("ed25519", ["@method", "@authority", "@path", "content-digest"]),
    resolveVerifier: () => ({
      algorithm: "ed25519",
      verify: (data, signature) => verify(null, data, createPublicKey(privateKey), signature),
    }),
  });
  expect(verified.parameters.keyid).toBe("k");
  const digest = createHash("sha256")
    .update(await request.text())
    .digest("base64");
  expect(request.headers.get("content-digest")).toBe(`sha-256=:${digest}:`);
});

test("an HMAC request without a body covers its query and no digest", async () => {
  const secret = randomBytes(32);
  const request = await signedRequest(hmacKey("h", secret.toString("base64")), `${DRAWS}?a=1`, "GET");
  await verifySignature(request, {
    policy: policy("hmac-sha256", ["@method", "@authority", "@path", "@query"]),
    resolveVerifier: () => ({
      algorithm: "hmac-sha256",
      verify: (data, signature) => createHmac("sha256", secret).update(data).digest().equals(signature),
    }),
  });
  expect(request.headers.has("content-digest")).toBe(false);
});
