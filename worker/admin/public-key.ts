import { Buffer } from "node:buffer";

const RAW_BYTES = 32;
/** RFC 8410 §4: a SubjectPublicKeyInfo of Ed25519 is this and the key. */
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");
const PEM = /^-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The raw Ed25519 public key of an SPKI PEM, an SPKI in base64, or 32 raw bytes in base64; null for anything else. */
export function readPublicKey(text: string): Uint8Array<ArrayBuffer> | null {
  const body = (PEM.exec(text.trim())?.[1] ?? text).replaceAll(/\s/g, "");
  if (!BASE64.test(body)) return null;
  const bytes = Buffer.from(body, "base64");
  if (bytes.length === RAW_BYTES) return new Uint8Array(bytes);
  const head = bytes.subarray(0, SPKI_HEAD.length);
  return bytes.length === SPKI_HEAD.length + RAW_BYTES && head.equals(SPKI_HEAD) ? new Uint8Array(bytes.subarray(SPKI_HEAD.length)) : null;
}
