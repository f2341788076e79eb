const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const encoder = new TextEncoder();

/**
 * The shard of a key, 0 … `shards` − 1: FNV-1a (32 bit) over its UTF-8 bytes, finished with MurmurHash3's fmix32 so that the remainder is even too.
 * It decides where a recipient's limits and a request's idempotency live: a change of it would lose both.
 */
export function shardOf(key: string, shards: number): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit > 0x7f) return finish(hashBytes(encoder.encode(key))) % shards;
    hash = Math.imul(hash ^ unit, FNV_PRIME);
  }
  return finish(hash) % shards;
}

function hashBytes(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
