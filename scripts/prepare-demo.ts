import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AdminClient } from "./admin-client.ts";
import { ApiError, patiently } from "./api-call.ts";
import { DEMO_CAMPAIGN, DEMO_POOL, demoCampaignFile, divideWinners, poolCsv } from "./demo-campaign.ts";
import type { CampaignFile } from "./demo-campaign.ts";
import { beginAnew, registerDemoPartner } from "./demo-partner.ts";
import { PartnerClient } from "./partner-client.ts";
import type { House } from "./house.ts";
import type { Terminal } from "./terminal.ts";
import { uploadFiles } from "./upload.ts";
import type { UploadFile } from "./upload.ts";

/** A demo campaign that ends sooner is given new dates: whoever starts now may play for a while. */
const ENDS_SOON_MS = 24 * 3_600_000;
/** With fewer winning cards left than this a newcomer might draw none: another pool is added. */
const FEW_WINNERS = 100;
const RESTOCK_WINNERS = 1_600;

export interface DemoClients {
  readonly admin: AdminClient;
  readonly partner: PartnerClient;
}

/** Who acts in the demo: an operator, and the demo partner with its keys. */
export async function openDemoClients(house: House, terminal: Terminal): Promise<DemoClients> {
  return await terminal.step("the demo partner has its keys", async () => {
    const admin = await AdminClient.signIn(house);
    const key = await registerDemoPartner(admin, house.keysDir);
    return { admin, partner: new PartnerClient(house.appOrigin, key) };
  });
}

/** Brings the demo campaign to where cards can be drawn: uploaded, in stock, open and not about to end. What is so already is left as it is. */
export async function prepareDemoCampaign(house: House, { admin, partner }: DemoClients, terminal: Terminal, nowMs: number): Promise<void> {
  const known = await admin.campaign(DEMO_CAMPAIGN);
  if (known?.status === "closed")
    throw new Error(`The demo campaign was closed, and a closed one stays closed. ${beginAnew(house.keysDir)}`);
  const files: UploadFile[] = [];
  if (known === null || Date.parse(known.endsAt) - nowMs < ENDS_SOON_MS)
    files.push(await writeCampaign(house, await demoCampaignFile(DEMO_CAMPAIGN, nowMs)));
  const first = { object: `${DEMO_CAMPAIGN}/pools/first.csv`, path: DEMO_POOL };
  const uploads = known === null ? [] : await admin.uploads(DEMO_CAMPAIGN);
  const imported = uploads.some(({ object, status }) => object === first.object && status === "imported");
  if (!imported) files.push(first);
  else if ((await winnersLeft(partner, house.keysDir)) < FEW_WINNERS) files.push(await writeRestock(house, nowMs));
  if (files.length === 0) terminal.say("  The demo campaign was uploaded by an earlier start, and is in stock.");
  else await uploadFiles(house, admin, terminal, DEMO_CAMPAIGN, files);
  await openCampaign(admin, terminal, DEMO_CAMPAIGN);
}

/** Opens a draft and resumes a paused campaign. */
export async function openCampaign(admin: AdminClient, terminal: Terminal, campaign: string): Promise<void> {
  const status = (await admin.campaign(campaign))?.status;
  if (status === "open") return;
  await terminal.step(`${campaign} is open`, () => admin.changeStatus(campaign, status === "paused" ? "resume" : "open"));
}

/** A dated copy of the campaign file, to be uploaded. */
export async function writeCampaign(house: House, file: CampaignFile): Promise<UploadFile> {
  return await writeUpload(house, `${file.id}/campaign.json`, `${JSON.stringify(file, null, 2)}\n`);
}

/** A file to be uploaded as `object`, kept beside the state that it goes into. */
export async function writeUpload({ persistTo }: House, object: string, contents: string): Promise<UploadFile> {
  const path = join(persistTo, "uploads", object);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
  return { object, path };
}

async function writeRestock(house: House, nowMs: number): Promise<UploadFile> {
  return await writeUpload(house, `${DEMO_CAMPAIGN}/pools/restock-${nowMs}.csv`, poolCsv(divideWinners(RESTOCK_WINNERS)));
}

async function winnersLeft(partner: PartnerClient, keysDir: string): Promise<number> {
  try {
    const { prizes } = await patiently(() => partner.stock(DEMO_CAMPAIGN));
    return prizes.filter(({ prize }) => prize !== "thanks").reduce((sum, { remaining }) => sum + remaining, 0);
  } catch (error) {
    if (error instanceof ApiError && error.code === "signature_invalid") {
      throw new Error(`The demo partner's key is not the one that was registered. ${beginAnew(keysDir)}`, { cause: error });
    }
    throw error;
  }
}
