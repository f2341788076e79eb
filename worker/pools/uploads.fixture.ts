import { env } from "cloudflare:workers";
import type { PoolStock } from "../../durable-objects/protocol.ts";
import { prizePool } from "../objects.ts";

/** Uploads for tests in the real runtime. Storage is shared within a file: every campaign has its own id. */

let campaigns = 0;

export function newCampaignId(): string {
  campaigns += 1;
  return `upload-${campaigns}`;
}

/** The text of a `campaign.json`, a field a line. */
export function campaignJson(id: string, over: Readonly<Record<string, unknown>> = {}): string {
  const file = {
    id,
    title: { en: "Spring scratch" },
    timezone: "Asia/Taipei",
    startsAt: "2027-02-05T12:00:00Z",
    endsAt: "2127-02-20T16:00:00Z",
    line: { channelId: "2000000000", liffId: "2000000000-abcdefgh" },
    expectedPeakPerSecond: 600,
    fallback: "thanks",
    prizes: [
      { id: "coupon", kind: "coupon", name: { en: "NT$50 off" } },
      { id: "cafe-code", kind: "code", name: { en: "Coffee code" } },
      { id: "thanks", kind: "none", name: { en: "Thank you" } },
    ],
    ...over,
  };
  return `{\n${Object.entries(file)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(",\n")}\n}\n`;
}

export async function upload(key: string, content: string | Uint8Array): Promise<string> {
  await env.POOLS.put(key, content);
  return key;
}

/** Uploads a campaign file and gives its key. */
export function uploadCampaign(id: string, over: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return upload(`${id}/campaign.json`, campaignJson(id, over));
}

export function uploadPool(id: string, name: string, lines: readonly string[]): Promise<string> {
  return upload(`${id}/pools/${name}`, `${lines.join("\n")}\n`);
}

/** The document beside a refused object, or null. */
export async function errorsBeside(key: string): Promise<unknown> {
  const object = await env.POOLS.get(key.replace(/\.(csv|json)$/, ".errors.json"));
  return object === null ? null : object.json();
}

export function stockOf(id: string): Promise<PoolStock | null> {
  return prizePool(env, id).stock(id);
}

/** The rows of `uploads` about an object, oldest first. */
export async function rowsOf(object: string): Promise<{ status: string; cards: number | null; faults: string | null }[]> {
  const { results } = await env.LEDGER.prepare("SELECT status, cards, faults FROM uploads WHERE object = ? ORDER BY upload")
    .bind(object)
    .all<{ status: string; cards: number | null; faults: string | null }>();
  return results;
}

/** The environment with a bucket that behaves otherwise where `over` says so. */
export function withPools(over: Partial<R2Bucket>): Env {
  const pools = new Proxy(env.POOLS, {
    get(bucket, name) {
      const own: unknown = Reflect.get(over, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(bucket, name);
      return typeof value === "function" ? (value.bind(bucket) as unknown) : value;
    },
  });
  return { ...env, POOLS: pools };
}
