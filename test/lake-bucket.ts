import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** Asked by fetch: Miniflare's own proxy of a bucket blocks the process until it is answered, and no time limit of a test can end that. */
const SCRIPT = `export default {
  async fetch(request, { LAKE }) {
    const { objects, truncated } = await LAKE.list({ prefix: new URL(request.url).searchParams.get("prefix") });
    if (truncated) return new Response("more objects than one list holds", { status: 500 });
    const files = await Promise.all(objects.map(async ({ key }) => [key, await (await LAKE.get(key)).text()]));
    if (request.method === "DELETE") await LAKE.delete(objects.map(({ key }) => key));
    return Response.json(files);
  },
};`;

/** The objects of a stopped stack's lake whose keys begin with `prefix`, each with its text. */
export async function lakeFiles(persistTo: string, prefix = ""): Promise<readonly (readonly [key: string, text: string])[]> {
  return askLake(persistTo, "GET", prefix);
}

/** Takes the objects whose keys begin with `prefix` out of a stopped stack's lake; gives their keys. */
export async function loseFromLake(persistTo: string, prefix: string): Promise<readonly string[]> {
  return (await askLake(persistTo, "DELETE", prefix)).map(([key]) => key);
}

async function askLake(persistTo: string, method: "GET" | "DELETE", prefix: string): Promise<[string, string][]> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: SCRIPT,
      compatibilityDate: "2026-01-01",
      r2Buckets: { LAKE: "kuji-lake" },
      resourcePersistencePath: join(persistTo, "v3"),
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  try {
    const response = await miniflare.dispatchFetch(`http://lake/?prefix=${encodeURIComponent(prefix)}`, { method });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as [string, string][];
  } finally {
    await miniflare.dispose();
  }
}
