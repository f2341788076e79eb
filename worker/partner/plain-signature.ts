import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Verifier } from "http-message-sig";

/** What a partner signed, in the one form that is read here. */
export interface PlainSignature {
  readonly keyId: string;
  readonly createdSeconds: number;
  /** What was signed. */
  readonly base: Uint8Array;
  readonly signature: Uint8Array;
  readonly algorithm: string | null;
}

const INPUT = /^([a-z][a-z0-9]*)=(\(([^()\\]*)\);created=([1-9]\d{0,14});keyid="([A-Za-z0-9._-]{1,64})"(?:;alg="(hmac-sha256|ed25519)")?)$/;
const SIGNATURE = /^([a-z][a-z0-9]*)=:([A-Za-z0-9+/]+={0,2}):$/;
const DIGEST = /^sha-256=:([A-Za-z0-9+/]{43}=):$/;

/**
 * Reads a signature in the form in which most are written: one only, over `components` and nothing else, in their order, with `created`, `keyid` and perhaps
 * `alg`. Any other, and one whose `Content-Digest` is not the body's, is null: to parse all that RFC 9421 permits takes as long as the rest of a draw, and whoever
 * is to be told what is wrong can wait for it.
 */
export function readPlainSignature(
  { method, url, headers }: Request,
  body: Uint8Array,
  components: readonly string[],
): PlainSignature | null {
  const input = INPUT.exec(headers.get("signature-input") ?? "");
  const given = SIGNATURE.exec(headers.get("signature") ?? "");
  if (input === null || given === null || input[1] !== given[1] || url.includes("#")) return null;
  const [, , parameters = "", covered = "", created = "", keyId = "", algorithm = null] = input;
  if (covered !== components.map((name) => `"${name}"`).join(" ")) return null;
  const encoded = given[2] ?? "";
  const signature = Buffer.from(encoded, "base64");
  if (signature.toString("base64") !== encoded) return null;
  const { host, pathname, search } = new URL(url);
  const values: Record<string, string> = { "@method": method, "@authority": host, "@path": pathname, "@query": search };
  if (components.includes("content-digest")) {
    const field = headers.get("content-digest") ?? "";
    if (DIGEST.exec(field)?.[1] !== createHash("sha256").update(body).digest("base64")) return null;
    values["content-digest"] = field;
  }
  const lines = components.map((name) => `"${name}": ${values[name]}`);
  const base = Buffer.from(`${lines.join("\n")}\n"@signature-params": ${parameters}`);
  return { keyId, createdSeconds: Number(created), base, signature, algorithm };
}

/** Whether a key has made the signature, by the algorithm that it names, if it names one. */
export async function isMadeBy({ base, signature, algorithm }: PlainSignature, key: Verifier): Promise<boolean> {
  return (algorithm === null || algorithm === key.algorithm) && (await key.verify(base, signature));
}
