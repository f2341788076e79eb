import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Verifier } from "http-message-sig";
import { z } from "zod";
import { Memo } from "../memo.ts";
import { settings } from "../settings.ts";
import type { Settings } from "../settings.ts";
import { openSecret } from "../../durable-objects/seal.ts";

export const SIGNATURE_ALGORITHMS = ["ed25519", "hmac-sha256"] as const;
export const keyIdSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 letters, digits, dots, hyphens and underscores");

/** What KV holds of a live key, at `partner-key:<keyId>`. */
export const partnerKeyRecordSchema = z.strictObject({
  partner: z.string(),
  algorithm: z.enum(SIGNATURE_ALGORITHMS),
  /** ed25519: the raw public key, base64. hmac-sha256: the secret, sealed with PARTNER_KEY. */
  material: z.string(),
  /** Campaign ids; `*` stands for all. */
  campaigns: z.array(z.string()),
});
export type PartnerKeyRecord = z.output<typeof partnerKeyRecordSchema>;

/** A live key, ready to verify with by its one `algorithm`. */
export interface PartnerKey extends Verifier {
  readonly keyId: string;
  readonly partner: string;
  readonly campaigns: ReadonlySet<string>;
}

export function partnerKeyName(keyId: string): string {
  return `partner-key:${keyId}`;
}

export function mayUse({ campaigns }: Pick<PartnerKey, "campaigns">, campaign: string): boolean {
  return campaigns.has(campaign) || campaigns.has("*");
}

const ED25519_SIGNATURE_BYTES = 64;

/** Verifies `ed25519` (RFC 9421 §3.3.6) with a raw public key of 32 bytes. */
export async function ed25519Verifier(publicKey: Uint8Array<ArrayBuffer>): Promise<Verifier> {
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return {
    algorithm: "ed25519",
    // WebCrypto throws at a signature of another length.
    verify: async (data, signature) =>
      signature.length === ED25519_SIGNATURE_BYTES && crypto.subtle.verify("Ed25519", key, signature, data),
  };
}

/** Verifies `hmac-sha256` (RFC 9421 §3.3.3), in constant time, and at once: WebCrypto would have the request wait for a promise. */
export function hmacVerifier(secret: Uint8Array): Verifier {
  return {
    algorithm: "hmac-sha256",
    verify: (data, signature) => {
      const expected = createHmac("sha256", secret).update(data).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    },
  };
}

async function verifierOf(
  { PARTNER_KEY, PARTNER_KEY_PREVIOUS }: Settings,
  keyId: string,
  record: PartnerKeyRecord,
): Promise<Verifier | null> {
  switch (record.algorithm) {
    case "ed25519":
      return ed25519Verifier(new Uint8Array(Buffer.from(record.material, "base64")));
    case "hmac-sha256": {
      const masters = PARTNER_KEY_PREVIOUS === undefined ? [PARTNER_KEY] : [PARTNER_KEY, PARTNER_KEY_PREVIOUS];
      const secret = await openSecret(masters, keyId, record.material);
      return secret === null ? null : hmacVerifier(secret);
    }
  }
}

/** How long a revoked key may still be taken by an isolate that knows it, and the time KV itself may answer from a cache. */
const KNOWN_MS = 30_000;
const KV_CACHE_SECONDS = 30;
/** How long a key id that is none may be refused without asking KV again: short, for a new key is used at once. */
const UNKNOWN_MS = 2_000;
/** While one request reads anew, the others keep to what is known, for this long; then another tries. */
const REFRESH_MS = 1_000;
/** A key is good this long where KV does not answer: nobody could be told that it is revoked, and its partner draws on. */
const KEPT_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

interface Known {
  readonly key: PartnerKey | null;
  readonly freshUntilMs: number;
  readonly keptUntilMs: number;
}

const remembered = new Memo<Known>(MAX_REMEMBERED);

/** The live key of this id, or null. */
export async function findPartnerKey(env: Env, keyId: string, nowMs: number): Promise<PartnerKey | null> {
  const known = remembered.get(keyId, nowMs);
  if (known !== undefined && nowMs < known.freshUntilMs) return known.key;
  if (!keyIdSchema.safeParse(keyId).success) return null;
  if (known !== undefined) remembered.set(keyId, { ...known, freshUntilMs: nowMs + REFRESH_MS }, known.keptUntilMs);
  try {
    const key = await loadPartnerKey(env, keyId);
    const freshUntilMs = nowMs + (key === null ? UNKNOWN_MS : KNOWN_MS);
    const keptUntilMs = key === null ? freshUntilMs : nowMs + KEPT_MS;
    return remembered.set(keyId, { key, freshUntilMs, keptUntilMs }, keptUntilMs).key;
  } catch (error) {
    if (known === undefined) throw error;
    console.warn(JSON.stringify({ message: "partner key not read, the last one serves on", keyId, error: String(error) }));
    return known.key;
  }
}

async function loadPartnerKey(env: Env, keyId: string): Promise<PartnerKey | null> {
  const stored = await env.CONFIG.get(partnerKeyName(keyId), { type: "json", cacheTtl: KV_CACHE_SECONDS });
  if (stored === null) return null;
  const record = partnerKeyRecordSchema.parse(stored);
  const verifier = await verifierOf(settings(env), keyId, record);
  if (verifier === null) {
    console.error(JSON.stringify({ message: "partner key cannot be opened with PARTNER_KEY", keyId }));
    return null;
  }
  return { keyId, partner: record.partner, campaigns: new Set(record.campaigns), ...verifier };
}
