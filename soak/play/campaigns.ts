import { poolCsv } from "../../scripts/demo-campaign.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { writeUpload } from "../../scripts/prepare-demo.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { putFile } from "../../scripts/upload.ts";
import { waitFor } from "../../scripts/wait.ts";

/** A campaign that is played while the app is killed. */
export interface SoakCampaign {
  readonly id: string;
  readonly channelId: string;
  readonly autoRedeem: boolean;
  /** Cards that one recipient may have. */
  readonly limit: number;
  /** Winning cards that were uploaded, per prize. */
  readonly loaded: Map<string, number>;
}

type Manifest = Readonly<Record<string, number>>;

interface Plan {
  readonly id: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly autoRedeem: boolean;
  readonly limit: number;
  readonly stock: Manifest;
}

/** One never runs dry, and its users redeem by hand; the other is dry again and again, its issuers give back what they hold, and revealing redeems. */
const PLANS: readonly Plan[] = [
  {
    id: "plenty",
    settings: { expectedPeakPerSecond: 600, fallback: undefined },
    autoRedeem: false,
    limit: 3,
    stock: { "points-10": 60_000, "coupon-50": 100_000, "cafe-code": 3_000, thanks: 240_000 },
  },
  { id: "scarce", settings: { expectedPeakPerSecond: 1_200 }, autoRedeem: true, limit: 4, stock: { "points-100": 60, "cafe-code": 40 } },
];
/** Some kills may come between. */
const IMPORT_TIMEOUT_MS = 120_000;
const RESTOCK: Manifest = { "points-10": 50, "points-100": 20, "coupon-50": 50, "cafe-code": 30 };

/** Uploads the campaigns as an operator does, and opens them. */
export async function openCampaigns(house: ServedHouse, terminal: Terminal): Promise<SoakCampaign[]> {
  const campaigns: SoakCampaign[] = [];
  for (const { id, settings, autoRedeem, limit, stock } of PLANS) {
    const loaded = new Map(Object.entries(stock));
    const made = { id, settings: { ...settings, autoRedeem, limits: { perRecipient: limit } }, stock: loaded };
    const file = await openMadeCampaign(house, house.admin, terminal, made);
    campaigns.push({ id, channelId: file.line.channelId, autoRedeem, limit, loaded });
  }
  return campaigns;
}

/** Uploads more winning cards for a campaign that has run dry. The schedule finds the file, however often the app is killed over it; resolves when it is imported. */
export async function restock(house: ServedHouse, { id, loaded }: SoakCampaign, nth: number): Promise<void> {
  const stock = new Map(Object.entries(RESTOCK));
  const file = await writeUpload(house, `${id}/pools/restock-${nth}.csv`, poolCsv(stock));
  await putFile(house, file);
  await waitFor({ what: `the import of ${file.object}`, timeoutMs: IMPORT_TIMEOUT_MS }, async () => {
    const outcome = (await house.admin.uploads(id)).find(({ object }) => object === file.object);
    return outcome?.status === "imported" ? true : null;
  });
  for (const [prize, quantity] of stock) loaded.set(prize, (loaded.get(prize) ?? 0) + quantity);
}
