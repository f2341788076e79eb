import { createHmac } from "node:crypto";
import { verifySignature } from "http-message-sig";
import { expect, it } from "vitest";
import { signedDraws } from "./requests.ts";

const secret = Buffer.alloc(32, 7).toString("base64");
const url = "http://127.0.0.1:8787/naive-object/partner/v1/campaigns/bench/draws";

function requestOf(wire: Uint8Array): Request {
  const [head = "", body = ""] = Buffer.from(wire).toString("utf8").split("\r\n\r\n");
  const [, ...fields] = head.split("\r\n");
  const headers = fields.map((field): [string, string] => [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 2)]);
  return new Request(url, { method: "POST", headers, body });
}

it("signs every request as RFC 9421 says, each with ids of its own", async () => {
  const requests = signedDraws({ keyId: "demo", secret }, url, 3, 5).map(requestOf);
  const ids = new Set<string>();
  for (const request of requests) {
    const { draws } = (await request.clone().json()) as { draws: { requestId: string; recipient: string }[] };
    for (const { requestId } of draws) ids.add(requestId);
    const verify = (data: Uint8Array, signature: Uint8Array) =>
      createHmac("sha256", Buffer.from(secret, "base64")).update(data).digest().equals(signature);
    const policy = {
      algorithms: ["hmac-sha256"],
      requiredComponents: ["@method", "@authority", "@path", "content-digest"],
      requiredParameters: ["created", "keyid"],
      maxAge: 60,
    } as const;
    await expect(
      verifySignature(request, { policy, resolveVerifier: () => ({ algorithm: "hmac-sha256", verify }) }),
    ).resolves.toBeDefined();
  }
  expect(ids.size).toBe(15);
});
