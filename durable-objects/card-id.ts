import { Buffer } from "node:buffer";
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { chacha20 } from "@noble/ciphers/chacha.js";

/**
 * A card id is base64url of 24 bytes: `version(1) shard(2) seq(5) mac(16)`, big-endian. The mac is what a function of secret key gives for campaign, shard
 * and number: it can neither be guessed nor moved to another card, and the edge routes it with no look-up.
 *
 * Version 2: ChaCha20's keystream (RFC 8439 §2.4), sixteen bytes a card, under a key that HKDF-SHA256 (RFC 5869) derives from `CARD_KEY` and the campaign;
 * the nonce is the shard and the number of the sixteen cards. So they are made together, and a thousand ids cost little more than their writing.
 * Version 1: HMAC-SHA256 over campaign ‖ 0 ‖ the first eight bytes, cut to 128 bits (NIST SP 800-107 §5.1). Cards that have such an id keep it.
 */
const VERSIONS = [2, 1] as const;
const HEAD_BYTES = 8;
const MAC_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const CARD_ID_LENGTH = 32;
const CARD_ID_FORM = /^[A-Za-z0-9_-]{32}$/;
/** MACs that are made together, of numbers that follow each other. */
const CHUNK_MACS = 16;
/** Campaigns whose keys are kept; past the bound they are derived anew. */
const MAX_KNOWN_CAMPAIGNS = 1_000;

type Version = (typeof VERSIONS)[number];

/** One of the keys that a secret gives: one a version. */
export interface CardKey {
  readonly version: Version;
  readonly bytes: Buffer;
  /** Keys of campaigns that were derived from it. */
  readonly campaigns: Map<string, Buffer>;
}

export interface CardPlace {
  readonly shard: number;
  readonly seq: number;
}

/** Names a key without telling it. */
export function fingerprintCardKey({ bytes }: CardKey): string {
  return createHmac("sha256", bytes).update("kuji card key fingerprint").digest("hex").slice(0, 16);
}

/** The keys that a secret gives, that of new ids first. */
export function deriveCardKeys(secret: string): CardKey[] {
  return VERSIONS.map((version) => ({ version, bytes: derive(secret, `kuji card id v${version}`), campaigns: new Map() }));
}

function derive(secret: string | Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", info, KEY_BYTES));
}

/** Where each id is put together: made once, for this is done for every card and every call. Nothing waits in between. */
const id = Buffer.alloc(HEAD_BYTES + MAC_BYTES);
const head = id.subarray(0, HEAD_BYTES);
const given = id.subarray(HEAD_BYTES);

/** The MACs that were made last, and whose they are. */
const macs = Buffer.alloc(CHUNK_MACS * MAC_BYTES);
const zeros = new Uint8Array(macs.length);
let made: { readonly key: Buffer | null; readonly shard: number; readonly chunk: number } = { key: null, shard: 0, chunk: 0 };

function campaignKey({ bytes, campaigns }: CardKey, campaign: string): Buffer {
  const known = campaigns.get(campaign);
  if (known !== undefined) return known;
  if (campaigns.size >= MAX_KNOWN_CAMPAIGNS) campaigns.clear();
  const fresh = derive(bytes, campaign);
  campaigns.set(campaign, fresh);
  return fresh;
}

/** The mac of `head`, which says this place; good until the next is made. */
function macOf(key: CardKey, campaign: string, { shard, seq }: CardPlace): Buffer {
  return key.version === 1 ? macV1(key, campaign) : macV2(campaignKey(key, campaign), shard, seq);
}

function macV1({ bytes }: CardKey, campaign: string): Buffer {
  return createHmac("sha256", bytes).update(`${campaign}\0`).update(head).digest().subarray(0, MAC_BYTES);
}

function macV2(key: Buffer, shard: number, seq: number): Buffer {
  const chunk = Math.floor(seq / CHUNK_MACS);
  if (made.key !== key || made.shard !== shard || made.chunk !== chunk) {
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUInt16BE(shard, 0);
    nonce.writeUIntBE(chunk, 2, 6);
    chacha20(key, nonce, zeros, macs);
    made = { key, shard, chunk };
  }
  const at = (seq % CHUNK_MACS) * MAC_BYTES;
  return macs.subarray(at, at + MAC_BYTES);
}

/** `shard` 0…65535, `seq` 0…2⁴⁰−1. */
export function mintCardId(key: CardKey, campaign: string, place: CardPlace): string {
  id.writeUInt8(key.version, 0);
  id.writeUInt16BE(place.shard, 1);
  id.writeUIntBE(place.seq, 3, 5);
  given.set(macOf(key, campaign, place));
  return id.toString("base64url");
}

/** The shard that an id names, whoever made it; null for what has not the form of one. For what the ledger itself says: no key is asked. */
export function shardOfCardId(cardId: string): number | null {
  return CARD_ID_FORM.test(cardId) ? Buffer.from(cardId.slice(0, 4), "base64url").readUInt16BE(1) : null;
}

/** Where a card lives, or null for an id that none of `keys` made for this campaign. */
export function readCardId(keys: readonly CardKey[], campaign: string, cardId: string): CardPlace | null {
  if (cardId.length !== CARD_ID_LENGTH || !CARD_ID_FORM.test(cardId)) return null;
  id.write(cardId, "base64url");
  const version = id.readUInt8(0);
  const place = { shard: id.readUInt16BE(1), seq: id.readUIntBE(3, 5) };
  const isOurs = keys.some((key) => key.version === version && timingSafeEqual(macOf(key, campaign, place), given));
  return isOurs ? place : null;
}
