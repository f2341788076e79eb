import { drizzle } from "drizzle-orm/d1";
import { partnerKeyName } from "../partner/keys.ts";
import type { PartnerKeyRecord } from "../partner/keys.ts";
import { campaignsOf, keyRows, partnerRow } from "./partner-row.ts";

/** Publishes that may be overtaken in a row; each means that somebody else has just written to the same partner. */
const MAX_ROUNDS = 5;

/**
 * Brings a partner's keys in KV to what D1 says: live ones with the partner's campaigns, revoked ones gone. KV keeps whatever was put last, so D1 is asked
 * again afterwards: a key revoked meanwhile is not left alive. Doing it again changes nothing, and completes one that stopped half-way.
 */
export async function publishKeys(env: Pick<Env, "LEDGER" | "CONFIG">, partner: string): Promise<void> {
  let written: string | null = null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const wanted = await wantedKeys(env, partner);
    const current = JSON.stringify(wanted);
    if (current === written) return;
    await Promise.all(
      wanted.map(({ name, record }) => (record === null ? env.CONFIG.delete(name) : env.CONFIG.put(name, JSON.stringify(record)))),
    );
    written = current;
  }
}

async function wantedKeys(env: Pick<Env, "LEDGER">, partner: string): Promise<{ name: string; record: PartnerKeyRecord | null }[]> {
  const db = drizzle(env.LEDGER);
  const [row, keys] = await Promise.all([partnerRow(db, partner), keyRows(db, partner)]);
  const campaigns = campaignsOf(row);
  return keys.map(({ keyId, algorithm, material, revokedAt }) => ({
    name: partnerKeyName(keyId),
    record: revokedAt === null ? { partner, algorithm, material, campaigns } : null,
  }));
}
