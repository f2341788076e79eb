import { Buffer } from "node:buffer";
import { hkdfSync } from "node:crypto";

/**
 * A partner's secret at rest, of an HMAC key or of a webhook endpoint: AES-256-GCM under a key that HKDF-SHA256 (RFC 5869) derives from `PARTNER_KEY`, with the key id as associated data,
 * so that a sealed secret cannot be passed off as another key's. Written as base64 of `iv(12) ‖ ciphertext ‖ tag(16)`.
 */
const IV_BYTES = 12;

async function sealingKey(master: string): Promise<CryptoKey> {
  const raw = Buffer.from(hkdfSync("sha256", master, "", "kuji partner secret v1", 32));
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Seals `secret` for the key `keyId` under the current `PARTNER_KEY`. */
export async function sealSecret(master: string, keyId: string, secret: Uint8Array<ArrayBuffer>): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const additionalData = new TextEncoder().encode(keyId);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, await sealingKey(master), secret);
  return Buffer.concat([iv, Buffer.from(sealed)]).toString("base64");
}

/** The secret of the key `keyId`, or null when none of `masters` (the current one, then the previous) sealed it. */
export async function openSecret(masters: readonly string[], keyId: string, sealed: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = Buffer.from(sealed, "base64");
  const iv = bytes.subarray(0, IV_BYTES);
  const additionalData = new TextEncoder().encode(keyId);
  for (const master of masters) {
    try {
      const opened = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData },
        await sealingKey(master),
        bytes.subarray(IV_BYTES),
      );
      return new Uint8Array(opened);
    } catch {
      // Sealed under the other key, or not by us: a failed tag says no more than that.
    }
  }
  return null;
}
