import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isSignatureError, verifySignature } from "http-message-sig";
import type { SignatureError, UntrustedSignatureCandidate } from "http-message-sig";
import { isInnerList, parseDictionary } from "structured-headers";
import { Problem } from "../problem.ts";
import { SIGNATURE_ALGORITHMS } from "./keys.ts";
import { isMadeBy, readPlainSignature } from "./plain-signature.ts";
import type { PartnerKey } from "./keys.ts";

/** How far a partner's clock may be from ours, either way. */
export const CLOCK_SKEW_SECONDS = 300;

export interface VerifyPorts {
  /** The live key of this id, or null. */
  readonly findKey: (keyId: string) => Promise<PartnerKey | null>;
  readonly nowMs: number;
}

/**
 * Verifies that one partner signed this request as RFC 9421 says: over method, authority, path, query where there is one and, with a body, its digest (RFC 9530).
 * A signature in the usual form is checked at once; any other, and one that does not hold, is the library's to take or refuse.
 * Gives the key that signed; every failure is `signature_invalid`, whose detail names the rule and never the value expected.
 */
export async function verifyRequest(request: Request, body: Uint8Array, { findKey, nowMs }: VerifyPorts): Promise<PartnerKey> {
  const requiredComponents = ["@method", "@authority", "@path"];
  if (request.url.includes("?")) requiredComponents.push("@query");
  if (body.length > 0) requiredComponents.push("content-digest");
  const nowSeconds = Math.floor(nowMs / 1000);
  const plain = readPlainSignature(request, body, requiredComponents);
  if (plain !== null && Math.abs(nowSeconds - plain.createdSeconds) <= CLOCK_SKEW_SECONDS) {
    const key = await findKey(plain.keyId);
    if (key !== null && (await isMadeBy(plain, key))) return key;
  }
  const resolveVerifier = async ({ parameters }: UntrustedSignatureCandidate): Promise<PartnerKey> => {
    const { keyid, expires } = parameters;
    if (expires !== undefined && expires < nowSeconds) throw refused("expires has passed");
    const key = keyid === undefined ? null : await findKey(keyid);
    if (key === null) throw refused("keyid names no live key");
    return key;
  };
  const { verifier } = await verifySignature(request, {
    policy: {
      algorithms: SIGNATURE_ALGORITHMS,
      requiredComponents,
      requiredParameters: ["created", "keyid"],
      maxAge: 0,
      clockSkew: CLOCK_SKEW_SECONDS,
      now: nowSeconds,
    },
    resolveVerifier,
  }).catch((error: unknown) => {
    throw isSignatureError(error) ? asRefused(error) : error;
  });
  if (body.length > 0) checkDigest(request.headers.get("content-digest"), body);
  return verifier;
}

function refused(rule: string): Problem {
  return new Problem("signature_invalid", rule);
}

/** The library's own sentences name rules and what the caller sent; two are put in ours, which say nothing of the key. */
function asRefused(error: SignatureError): unknown {
  switch (error.code) {
    case "ResolverFailed":
      return error.cause;
    case "AlgorithmMismatch":
      return refused("alg is not the algorithm of this key");
    case "VerificationFailed":
      return refused("the signature does not match the request");
    case "MissingField":
    case "MalformedField":
    case "LabelRequired":
    case "LabelMismatch":
    case "DuplicateLabel":
    case "InvalidComponent":
    case "DuplicateComponent":
    case "UnsupportedFeature":
    case "PolicyViolation":
      return refused(error.message);
  }
}

/** RFC 9530 §2: the `sha-256` member of `Content-Digest` is that of the bytes received. */
function checkDigest(header: string | null, body: Uint8Array): void {
  const given = sha256Member(header ?? "");
  if (given === null) throw refused("Content-Digest has no sha-256 member");
  if (!createHash("sha256").update(body).digest().equals(given)) throw refused("Content-Digest is not that of the body");
}

function sha256Member(header: string): Uint8Array | null {
  try {
    const member = parseDictionary(header).get("sha-256");
    return member !== undefined && !isInnerList(member) && member[0] instanceof ArrayBuffer ? Buffer.from(member[0]) : null;
  } catch {
    return null;
  }
}
