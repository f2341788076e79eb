import { createHash, createHmac, createPrivateKey, sign } from "node:crypto";
import { appendSignature, createSignature } from "http-message-sig";
import type { Signer } from "http-message-sig";
import { answerOf } from "./api-call.ts";

/** A partner's key: its id, and how it signs. */
export interface PartnerKey {
  readonly keyId: string;
  readonly signer: Signer;
}

/** A key of RFC 9421's `ed25519`; `pem` is PKCS8. */
export function ed25519Key(keyId: string, pem: string): PartnerKey {
  const key = createPrivateKey(pem);
  return { keyId, signer: { algorithm: "ed25519", sign: (data) => sign(null, data, key) } };
}

/** A key of RFC 9421's `hmac-sha256`; the secret is base64, as the admin API gives it. */
export function hmacKey(keyId: string, secret: string): PartnerKey {
  const key = Buffer.from(secret, "base64");
  return { keyId, signer: { algorithm: "hmac-sha256", sign: (data) => createHmac("sha256", key).update(data).digest() } };
}

export interface DrawRequest {
  readonly requestId: string;
  readonly recipient?: string;
  readonly lineUserId?: string;
  readonly metadata?: unknown;
}

export interface DrawAnswer {
  readonly requestId: string;
  readonly status: "issued" | "replayed" | "limit_reached" | "sold_out" | "not_open" | "conflict" | "overloaded";
  readonly cardId?: string;
  readonly url?: string;
  readonly expiresAt?: string;
}

export interface PartnerCard {
  readonly cardId: string;
  readonly requestId: string;
  readonly state: string;
  readonly issuedAt: string;
  readonly revealedAt?: string;
  readonly redeemedAt?: string;
  readonly prize?: unknown;
}

export interface PartnerStock {
  readonly prizes: readonly { readonly prize: string; readonly loaded: number; readonly issued: number; readonly remaining: number }[];
  readonly soldOut: boolean;
}

/** Draws that one call takes. */
export const MAX_DRAWS_PER_CALL = 500;

/** The partner API, every request signed (RFC 9421) over its method, authority, path, query and body digest (RFC 9530). */
export class PartnerClient {
  readonly #origin: string;
  readonly #key: PartnerKey;

  constructor(origin: string, key: PartnerKey) {
    this.#origin = origin;
    this.#key = key;
  }

  async draw(campaign: string, draws: readonly DrawRequest[]): Promise<readonly DrawAnswer[]> {
    const { results } = await this.#call<{ results: readonly DrawAnswer[] }>("POST", `/campaigns/${campaign}/draws`, { draws });
    return results;
  }

  async card(campaign: string, cardId: string): Promise<PartnerCard> {
    return await this.#call("GET", `/campaigns/${campaign}/cards/${cardId}`);
  }

  /** Takes a card back that is not redeemed. */
  async void(campaign: string, cardId: string, reason: string): Promise<void> {
    await this.#call("POST", `/campaigns/${campaign}/cards/${cardId}/void`, { reason });
  }

  /** Takes a coupon at a till. Throws `already_used` when it was taken before. */
  async useCoupon(campaign: string, cardId: string, till: { readonly store: string; readonly till?: string }): Promise<void> {
    await this.#call("POST", `/campaigns/${campaign}/coupons/${cardId}/use`, till);
  }

  async stock(campaign: string): Promise<PartnerStock> {
    return await this.#call("GET", `/campaigns/${campaign}/stock`);
  }

  async #call<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    return await answerOf<T>(await signedRequest(this.#key, `${this.#origin}/partner/v1${path}`, method, body));
  }
}

/** A request as the partner API wants it signed. */
export async function signedRequest(key: PartnerKey, url: string, method: "GET" | "POST", body?: unknown): Promise<Request> {
  const headers = new Headers();
  const components = ["@method", "@authority", "@path"];
  if (url.includes("?")) components.push("@query");
  const text = body === undefined ? null : JSON.stringify(body);
  if (text !== null) {
    headers.set("content-type", "application/json");
    headers.set("content-digest", `sha-256=:${createHash("sha256").update(text).digest("base64")}:`);
    components.push("content-digest");
  }
  const unsigned = new Request(url, { method, headers, ...(text === null ? {} : { body: text }) });
  const fields = await createSignature(unsigned, {
    label: "sig1",
    components,
    parameters: { created: Math.floor(Date.now() / 1000), keyid: key.keyId, alg: key.signer.algorithm },
    signer: key.signer,
  });
  return new Request(unsigned, { headers: appendSignature(unsigned.headers, fields) });
}
