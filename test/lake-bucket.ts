import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** Does something with the lake of a stack that is stopped. */
export async function withLake<T>(
  persistTo: string,
  work: (lake: Awaited<ReturnType<Miniflare["getR2Bucket"]>>) => Promise<T>,
): Promise<T> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "export default {}",
      r2Buckets: { LAKE: "kuji-lake" },
      resourcePersistencePath: join(persistTo, "v3"),
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  try {
    return await work(await miniflare.getR2Bucket("LAKE"));
  } finally {
    await miniflare.dispose();
  }
}
