import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_FILES, openKeys } from "../../sandbox/keys.ts";
import type { AdminClient } from "../../scripts/admin-client.ts";
import { HMAC_KEY_ID } from "../../scripts/demo-partner.ts";
import type { House } from "../../scripts/house.ts";
import type { PartnerClient } from "../../scripts/partner-client.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { deriveSessionKeys } from "../../worker/player/session.ts";
import type { SessionKeys } from "../../worker/player/session.ts";
import type { Signing } from "../peers/requests.ts";
import { unpaged } from "../unlimited.ts";

/** The schedule comes once a minute in production. */
const TICK_EVERY_MS = 60_000;

/** The app that is loaded, and all that its users bring is made with. */
export interface Stage extends House {
  readonly admin: AdminClient;
  readonly partner: PartnerClient;
  /** Process group of the server. */
  readonly group: number;
  /** What the partner signs with; HMAC, for its check costs least. */
  readonly signing: Signing;
  /** What the app signs sessions with: most users have signed in before they are counted. */
  readonly sessionKeys: SessionKeys;
  close(): Promise<void>;
}

/** The app as it would be deployed, with its schedule, its settlement and its reward agent; the sandbox is LINE and the reward system. */
export async function openStage(terminal: Terminal): Promise<Stage> {
  const house = await openServedHouse(terminal, {
    source: { entry: "bench/load/worker/index.ts", adapt: unpaged },
    tickEveryMs: TICK_EVERY_MS,
  });
  const { appOrigin, sandboxOrigin, keysDir, persistTo, admin, partner, server } = house;
  const secret = (await readFile(join(keysDir, KEY_FILES.demoSecret), "utf8")).trim();
  return {
    appOrigin,
    sandboxOrigin,
    keysDir,
    persistTo,
    admin,
    partner,
    group: server.group,
    signing: { keyId: HMAC_KEY_ID, secret },
    sessionKeys: await deriveSessionKeys((await openKeys(keysDir)).secrets.SESSION_KEY),
    close: () => house.close({ keep: false }),
  };
}
