import { openCampaign, writeCampaign, writeUpload } from "../../scripts/prepare-demo.ts";
import { demoCampaignFile } from "../../scripts/demo-campaign.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { putFile } from "../../scripts/upload.ts";
import { LEASE_CARDS, Leases, spread } from "./lease.ts";
import { waitForOutcome } from "./outcome.ts";
import { watchMemory } from "./watch.ts";
import type { Peak } from "./watch.ts";

const CAMPAIGN = "cards";
const DAY_MS = 24 * 3_600_000;
/** The rest are blanks. */
const WINNING_SHARES = { "points-10": 0.1, "points-100": 0.05, "coupon-50": 0.2 } as const;
const BLANK = "thanks";

export interface ManifestOutcome {
  /** From the end of wrangler's upload to the end of the import. */
  readonly seconds: number;
  readonly peak: Peak;
  readonly faults: readonly string[];
}

/** Uploads a manifest of so many cards, and deals all of them. */
export async function runManifest(house: ServedHouse, terminal: Terminal, cards: number): Promise<ManifestOutcome> {
  const manifest = new Map<string, number>(Object.entries(WINNING_SHARES).map(([prize, share]) => [prize, Math.floor(cards * share)]));
  manifest.set(BLANK, cards - [...manifest.values()].reduce((sum, quantity) => sum + quantity, 0));
  const [startsAt = "", endsAt = ""] = [30 * DAY_MS, 60 * DAY_MS].map((ms) => new Date(Date.now() + ms).toISOString());
  const campaignFile = { ...(await demoCampaignFile(CAMPAIGN, Date.now())), startsAt, endsAt, expectedPeakPerSecond: 300 };
  const csv = `${["prize,quantity", ...[...manifest].map(([prize, quantity]) => `${prize},${quantity}`)].join("\n")}\n`;
  await putFile(house, await writeCampaign(house, campaignFile));
  await waitForOutcome(house, CAMPAIGN, `${CAMPAIGN}/campaign.json`);
  const file = await writeUpload(house, `${CAMPAIGN}/pools/first.csv`, csv);
  const memory = await watchMemory(house);
  await terminal.step(`npx wrangler r2 object put kuji-pools/${file.object} --local --file first.csv (${cards} cards)`, () =>
    putFile(house, file),
  );
  const startedAt = performance.now();
  const outcome = await terminal.step("the schedule finds it, and imports it", () => waitForOutcome(house, CAMPAIGN, file.object));
  const seconds = (performance.now() - startedAt) / 1_000;
  const faults = outcome.cards === cards ? [] : [`it was to bring ${cards} cards: ${JSON.stringify(outcome).slice(0, 300)}`];
  await openCampaign(house.admin, terminal, CAMPAIGN);
  faults.push(...(await terminal.step("it is dealt to its end", () => dealAll(new Leases(house, CAMPAIGN), terminal, manifest))));
  return { seconds, peak: await memory.stop(), faults };
}

async function dealAll(leases: Leases, terminal: Terminal, manifest: ReadonlyMap<string, number>): Promise<string[]> {
  const dealt = new Map<string, number>();
  const times: number[] = [];
  let position = 0;
  for (;;) {
    const { lease, ms } = await leases.next(LEASE_CARDS);
    if (lease.status !== "granted") break;
    times.push(ms);
    if (lease.start !== position) return [`a lease began at ${lease.start}, the one before had ended at ${position}`];
    for (const [prize, cards] of Object.entries(lease.cards)) {
      dealt.set(prize, (dealt.get(prize) ?? 0) + cards);
      position += cards;
    }
  }
  const third = Math.ceil(times.length / 3);
  for (const [i, part] of ["start", "middle", "end"].entries()) {
    terminal.say(`    leases from its ${part}: ${spread(times.slice(i * third, (i + 1) * third))}`);
  }
  return [...manifest].flatMap(([prize, quantity]) =>
    dealt.get(prize) === quantity ? [] : [`${dealt.get(prize) ?? 0} cards of ${prize} were dealt, of ${quantity}`],
  );
}
