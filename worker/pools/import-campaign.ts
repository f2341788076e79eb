import { MAX_CAMPAIGN_FILE_BYTES, parseCampaign, withLine } from "../campaign/parse.ts";
import { publishCampaign } from "../campaign/publish.ts";
import type { Verdict } from "./verdict.ts";
import { refused } from "./verdict.ts";

/** Publishes a campaign file, if nothing is wrong with it. */
export async function importCampaign(env: Env, campaign: string, object: R2ObjectBody, nowMs: number): Promise<Verdict> {
  if (object.size > MAX_CAMPAIGN_FILE_BYTES) {
    await object.body.cancel();
    return refused({ code: "file_too_large", at: "file", message: `more than ${MAX_CAMPAIGN_FILE_BYTES} bytes` });
  }
  const parsed = parseCampaign(await object.bytes());
  if (parsed.status === "refused") return refused(...parsed.faults);
  const { file, lineOf } = parsed;
  if (file.id !== campaign) {
    return refused(withLine({ code: "id_differs", at: "id", message: `the file was uploaded as campaign ${campaign}` }, lineOf("id")));
  }
  const outcome = await publishCampaign(env, file, object.etag, nowMs);
  if (outcome.status === "refused") return refused(...outcome.faults.map((fault) => withLine(fault, lineOf(fault.at))));
  return { status: "imported", cards: null };
}
