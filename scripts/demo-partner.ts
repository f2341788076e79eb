import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_FILES, writeSecretFile } from "../sandbox/keys.ts";
import type { AdminClient } from "./admin-client.ts";
import { ed25519Key } from "./partner-client.ts";
import type { PartnerKey } from "./partner-client.ts";
import { DEFAULT_STATE, fromRoot } from "./wrangler.ts";

const PARTNER = { id: "demo", name: "Demo partner", campaigns: ["*"] } as const;
export const ED25519_KEY_ID = "demo-ed25519";
export const HMAC_KEY_ID = "demo-hmac";

/** Makes the demo partner and its two keys where they are not there yet, and gives the Ed25519 one to sign with. */
export async function registerDemoPartner(admin: AdminClient, keysDir: string): Promise<PartnerKey> {
  const known = await admin.partner(PARTNER.id);
  if (known === null || known.name !== PARTNER.name || known.campaigns.join() !== PARTNER.campaigns.join()) await admin.putPartner(PARTNER);
  const live = new Set(known?.keys.filter(({ revokedAt }) => revokedAt === undefined).map(({ keyId }) => keyId));
  if (!live.has(ED25519_KEY_ID)) {
    const publicKey = await readFile(join(keysDir, KEY_FILES.demoPublicKey), "utf8");
    await admin.addKey(PARTNER.id, {
      keyId: ED25519_KEY_ID,
      algorithm: "ed25519",
      publicKey,
    });
  }
  const secretFile = join(keysDir, KEY_FILES.demoSecret);
  if (!live.has(HMAC_KEY_ID)) {
    const { secret } = await admin.addKey(PARTNER.id, { keyId: HMAC_KEY_ID, algorithm: "hmac-sha256" });
    await writeSecretFile(secretFile, `${secret ?? ""}\n`);
  } else if (!existsSync(secretFile)) {
    throw new Error(`The secret of ${HMAC_KEY_ID} is shown once, and its file is gone. ${beginAnew(keysDir)}`);
  }
  return ed25519Key(ED25519_KEY_ID, await readFile(join(keysDir, KEY_FILES.demoKey), "utf8"));
}

/** The way out when keys and state are not of the same making. */
export function beginAnew(keysDir: string): string {
  return `To begin anew: rm -r ${fromRoot(DEFAULT_STATE)} ${fromRoot(keysDir)}`;
}
