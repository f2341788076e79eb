import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

/**
 * A card id is base64url of 24 bytes: `version(1) shard(2) seq(5) mac(16)`, big-endian. The mac is HMAC-SHA256 over
 * campaign ‖ 0 ‖ the first eight bytes, cut to 128 bits (NIST SP 800-107 §5.1), under a key that HKDF-SHA256 (RFC 5869) derives from `CARD_KEY`.
 * It can neither be guessed nor moved to another campaign, and the edge routes it with no look-up.
 */
const VERSION = 1;
const HEAD_BYTES = 8;
const MAC_BYTES = 16;
const CARD_ID_LENGTH = 32;
const CARD_ID_FORM = /^[A-Za-z0-9_-]{32}$/;
/** Campaigns whose half-done MACs are kept a key; past the bound they are made anew. */
const MAX_KNOWN_CAMPAIGNS = 1_000;

export type CardKey = Buffer;

export interface CardPlace {
  readonly shard: number;
  readonly seq: number;
}

/** Names a key without telling it. */
export function fingerprintCardKey(key: CardKey): string {
  return createHmac("sha256", key).update("kuji card key fingerprint").digest("hex").slice(0, 16);
}

export function deriveCardKey(secret: string): CardKey {
  return Buffer.from(hkdfSync("sha256", secret, "", "kuji card id v1", 32));
}

type Hmac = ReturnType<typeof hmac.create>;

/** HMACs that have taken in key, campaign and 0 already: only a card's eight bytes are left to do, which is half the work or less. */
const begun = new WeakMap<CardKey, Map<string, Hmac>>();
/** Where each id is put together and each MAC is finished: made once, for this is done for every card and every call. Nothing waits in between. */
const id = Buffer.alloc(HEAD_BYTES + MAC_BYTES);
const head = id.subarray(0, HEAD_BYTES);
const given = id.subarray(HEAD_BYTES);
const scratch = hmac.create(sha256, new Uint8Array());
const digest = new Uint8Array(sha256.outputLen);
const mac = digest.subarray(0, MAC_BYTES);

function beginMac(key: CardKey, campaign: string): Hmac {
  const campaigns = begun.get(key) ?? new Map<string, Hmac>();
  begun.set(key, campaigns);
  const known = campaigns.get(campaign);
  if (known !== undefined) return known;
  if (campaigns.size >= MAX_KNOWN_CAMPAIGNS) campaigns.clear();
  const fresh = hmac.create(sha256, key).update(Buffer.from(`${campaign}\0`));
  campaigns.set(campaign, fresh);
  return fresh;
}

/** Leaves the mac of `head` in `mac`. */
function makeMac(key: CardKey, campaign: string): void {
  beginMac(key, campaign)._cloneInto(scratch);
  scratch.update(head).digestInto(digest);
}

/** `shard` 0…65535, `seq` 0…2⁴⁰−1. */
export function mintCardId(key: CardKey, campaign: string, { shard, seq }: CardPlace): string {
  id.writeUInt8(VERSION, 0);
  id.writeUInt16BE(shard, 1);
  id.writeUIntBE(seq, 3, 5);
  makeMac(key, campaign);
  given.set(mac);
  return id.toString("base64url");
}

/** Where a card lives, or null for an id that none of `keys` made for this campaign. */
export function readCardId(keys: readonly CardKey[], campaign: string, cardId: string): CardPlace | null {
  if (cardId.length !== CARD_ID_LENGTH || !CARD_ID_FORM.test(cardId)) return null;
  id.write(cardId, "base64url");
  if (id.readUInt8(0) !== VERSION) return null;
  for (const key of keys) {
    makeMac(key, campaign);
    if (timingSafeEqual(mac, given)) return { shard: id.readUInt16BE(1), seq: id.readUIntBE(3, 5) };
  }
  return null;
}
