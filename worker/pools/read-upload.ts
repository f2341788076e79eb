interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** Bytes of an object from an offset on, as many as there are, if it still is what was listed; null if it was replaced or deleted. */
export async function readUpload(
  pools: R2Bucket,
  { key, etag, size }: Pick<R2Object, "key" | "etag" | "size">,
  { offset, length }: Stretch,
): Promise<Uint8Array | null> {
  // A range of nothing is none.
  if (offset >= size) return new Uint8Array();
  const range = { offset, length: Math.min(length, size - offset) };
  const object = await pools.get(key, { onlyIf: { etagMatches: etag }, range });
  return object !== null && "body" in object ? await object.bytes() : null;
}
