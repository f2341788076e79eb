/** The object with its body, if it still holds these bytes; null if it was replaced or deleted. */
export async function openUpload(pools: R2Bucket, { key, etag }: Pick<R2Object, "key" | "etag">): Promise<R2ObjectBody | null> {
  const object = await pools.get(key, { onlyIf: { etagMatches: etag } });
  return object !== null && "body" in object ? object : null;
}
