/** Issuers called at a time: enough to reach 512 of them in a few round trips. */
const SHARDS_AT_ONCE = 64;

/** Does `work` for every shard, so many at a time; `work` does not reject. */
export async function eachShard(shards: number, work: (shard: number) => Promise<void>): Promise<void> {
  for (let first = 0; first < shards; first += SHARDS_AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(SHARDS_AT_ONCE, shards - first) }, (_, i) => work(first + i)));
  }
}
