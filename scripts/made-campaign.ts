import type { AdminClient } from "./admin-client.ts";
import { demoCampaignFile, poolCsv } from "./demo-campaign.ts";
import type { CampaignFile } from "./demo-campaign.ts";
import type { House } from "./house.ts";
import { openCampaign, writeCampaign, writeUpload } from "./prepare-demo.ts";
import type { Terminal } from "./terminal.ts";
import { uploadFiles } from "./upload.ts";

/** The demo campaign under another name, with other settings and a pool of its own. */
export interface MadeCampaign {
  readonly id: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Cards per prize. */
  readonly stock: ReadonlyMap<string, number>;
}

/** Uploads a campaign by wrangler, as an operator does, and opens it. */
export async function openMadeCampaign(
  house: House,
  admin: AdminClient,
  terminal: Terminal,
  { id, settings, stock }: MadeCampaign,
): Promise<CampaignFile> {
  const file = { ...(await demoCampaignFile(id, Date.now())), ...settings };
  await uploadFiles(house, admin, terminal, id, [
    await writeCampaign(house, file),
    await writeUpload(house, `${id}/pools/first.csv`, poolCsv(stock)),
  ]);
  await openCampaign(admin, terminal, id);
  return file;
}
