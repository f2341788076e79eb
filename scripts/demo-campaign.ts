import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./wrangler.ts";

export const DEMO_CAMPAIGN = "demo";
const DEMO_FOLDER = join(ROOT, "sandbox/demo");
export const DEMO_POOL = join(DEMO_FOLDER, "pools/first.csv");

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const STARTED_AGO_MS = MINUTE_MS;
const LASTS_MS = 30 * DAY_MS;
const CODE_BYTES = 6;

/** What this needs to know of a campaign file; the rest of it is carried along. */
export interface CampaignFile {
  readonly id: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly line: { readonly channelId: string };
  readonly fallback: string;
  readonly prizes: readonly { readonly id: string; readonly kind: string; readonly name: Readonly<Record<string, string>> }[];
}

/** The demo campaign under `id`, begun a minute before `nowMs` and open for thirty days. */
export async function demoCampaignFile(id: string, nowMs: number): Promise<CampaignFile> {
  const file = JSON.parse(await readFile(join(DEMO_FOLDER, "campaign.json"), "utf8")) as CampaignFile;
  return {
    ...file,
    id,
    startsAt: new Date(nowMs - STARTED_AGO_MS).toISOString(),
    endsAt: new Date(nowMs + LASTS_MS).toISOString(),
  };
}

/** How the winning cards of a made pool divide among the demo prizes; what does not divide goes to the first. */
const WINNING_SHARES: readonly (readonly [prize: string, share: number])[] = [
  ["points-10", 0.4],
  ["points-100", 0.1],
  ["coupon-50", 0.4],
  ["cafe-code", 0.1],
];
const CODE_PRIZE = "cafe-code";

/** Cards per prize for exactly `winners` winning cards. */
export function divideWinners(winners: number): Map<string, number> {
  const manifest = new Map(WINNING_SHARES.map(([prize, share]) => [prize, Math.floor(winners * share)]));
  const dealt = [...manifest.values()].reduce((sum, quantity) => sum + quantity, 0);
  const [first] = WINNING_SHARES[0] ?? [""];
  manifest.set(first, (manifest.get(first) ?? 0) + winners - dealt);
  return manifest;
}

/** A prize-pool file of these quantities; each card of the code prize gets a code of its own. */
export function poolCsv(manifest: ReadonlyMap<string, number>): string {
  const rows = [...manifest].flatMap(([prize, quantity]) => {
    if (quantity === 0) return [];
    if (prize !== CODE_PRIZE) return [`${prize},${quantity},`];
    return Array.from({ length: quantity }, () => `${prize},1,CAFE-${randomBytes(CODE_BYTES).toString("hex").toUpperCase()}`);
  });
  return `${["prize,quantity,code", ...rows].join("\n")}\n`;
}
