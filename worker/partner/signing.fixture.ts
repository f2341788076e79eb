import { createHash, createHmac } from "node:crypto";
import { createSignature, webcrypto } from "http-message-sig";
import type { Signer } from "http-message-sig";
import { exportJWK, generateKeyPair } from "jose";

export function hmacSigner(secret: Uint8Array): Signer {
  return { algorithm: "hmac-sha256", sign: (data) => createHmac("sha256", secret).update(data).digest() };
}

export async function ed25519Pair(): Promise<{ readonly publicKey: Buffer<ArrayBuffer>; readonly signer: Signer }> {
  const { publicKey, privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  const { x = "" } = await exportJWK(publicKey);
  return { publicKey: Buffer.from(x, "base64url"), signer: webcrypto.signer(privateKey) };
}

export interface Signing {
  readonly keyId: string;
  readonly signer: Signer;
  readonly createdSeconds?: number;
  readonly components?: readonly string[];
  /** In place of the right `Content-Digest`. */
  readonly digest?: string;
  readonly parameters?: Readonly<Record<string, string | number>>;
}

/** A request signed as a partner signs it: what tests send, and what they then spoil. */
export async function signed(url: string, init: { method?: string; body?: string }, signing: Signing): Promise<Request> {
  const { method = "GET", body } = init;
  const headers = new Headers();
  const components = ["@method", "@authority", "@path"];
  if (url.includes("?")) components.push("@query");
  if (body !== undefined) {
    headers.set("content-type", "application/json");
    headers.set("content-digest", signing.digest ?? `sha-256=:${createHash("sha256").update(body).digest("base64")}:`);
    components.push("content-digest");
  }
  const request = new Request(url, body === undefined ? { method, headers } : { method, headers, body });
  const { signature, signatureInput } = await createSignature(request, {
    components: signing.components ?? components,
    parameters: { created: signing.createdSeconds ?? Math.floor(Date.now() / 1000), keyid: signing.keyId, ...signing.parameters },
    signer: signing.signer,
  });
  request.headers.set("signature", signature);
  request.headers.set("signature-input", signatureInput);
  return request;
}
