import { Buffer } from "node:buffer";
import { isInnerList, parseDictionary } from "structured-headers";
import { Problem } from "../problem.ts";
import type { PartnerKey } from "./keys.ts";
import { readSignature, SignatureFault } from "./signature.ts";
import type { ClaimedSignature, SignedMessage } from "./signature.ts";

/** How far a partner's clock may be from ours, either way. */
export const CLOCK_SKEW_SECONDS = 300;

export interface VerifyPorts {
  /** The live key of this id, or null. */
  readonly findKey: (keyId: string) => Promise<PartnerKey | null>;
  readonly nowMs: number;
}

/**
 * Verifies that one partner signed this request as RFC 9421 says: over method, authority, path, query where there is one and, with a body, its digest (RFC 9530).
 * Gives the key that signed; every failure is `signature_invalid`, whose detail names the rule and never the value expected.
 */
export async function verifyRequest(
  message: SignedMessage,
  body: Uint8Array<ArrayBuffer>,
  { findKey, nowMs }: VerifyPorts,
): Promise<PartnerKey> {
  const claimed = claimedSignature(message);
  for (const component of requiredComponents(message.url, body)) {
    if (!claimed.covered.has(component)) throw refused(`the signature does not cover ${component}`);
  }
  checkTimes(claimed, Math.floor(nowMs / 1000));
  if (claimed.keyId === null) throw refused("keyid is missing");
  const key = await findKey(claimed.keyId);
  if (key === null) throw refused("keyid names no live key");
  if (claimed.algorithm !== null && claimed.algorithm !== key.algorithm) throw refused("alg is not the algorithm of this key");
  if (!(await key.verify(claimed.base, claimed.signature))) throw refused("the signature does not match the request");
  if (body.length > 0) await checkDigest(message.headers.get("content-digest") ?? "", body);
  return key;
}

function refused(rule: string): Problem {
  return new Problem("signature_invalid", rule);
}

function claimedSignature(message: SignedMessage): ClaimedSignature {
  try {
    return readSignature(message);
  } catch (error) {
    throw error instanceof SignatureFault ? refused(error.message) : error;
  }
}

function requiredComponents(url: string, body: Uint8Array): string[] {
  const required = ["@method", "@authority", "@path"];
  if (url.includes("?")) required.push("@query");
  if (body.length > 0) required.push("content-digest");
  return required;
}

function checkTimes({ created, expires }: ClaimedSignature, nowSeconds: number): void {
  if (created === null) throw refused("created is missing");
  if (Math.abs(nowSeconds - created) > CLOCK_SKEW_SECONDS) throw refused(`created is more than ${CLOCK_SKEW_SECONDS} seconds away`);
  if (expires !== null && expires < nowSeconds) throw refused("expires has passed");
}

/** RFC 9530 §2: the `sha-256` member of `Content-Digest` is that of the bytes received. */
async function checkDigest(header: string, body: BufferSource): Promise<void> {
  const given = sha256Member(header);
  if (given === null) throw refused("Content-Digest has no sha-256 member");
  if (!given.equals(new Uint8Array(await crypto.subtle.digest("SHA-256", body)))) throw refused("Content-Digest is not that of the body");
}

function sha256Member(header: string): Buffer | null {
  try {
    const member = parseDictionary(header).get("sha-256");
    return member !== undefined && !isInnerList(member) && member[0] instanceof ArrayBuffer ? Buffer.from(member[0]) : null;
  } catch {
    return null;
  }
}
