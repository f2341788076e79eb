import type { AdminUpload } from "../../scripts/admin-client.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { waitFor } from "../../scripts/wait.ts";

const TIMEOUT_MS = 600_000;

/** What became of an upload; null: nothing yet. */
export async function outcomeOf({ admin }: ServedHouse, campaign: string, object: string): Promise<AdminUpload | null> {
  return (await admin.uploads(campaign)).find((upload) => upload.object === object) ?? null;
}

export async function waitForOutcome(house: ServedHouse, campaign: string, object: string): Promise<AdminUpload> {
  return await waitFor({ what: `the import of ${object}`, timeoutMs: TIMEOUT_MS }, () => outcomeOf(house, campaign, object));
}
