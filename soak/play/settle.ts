import type { AdminClient, AdminInvariants } from "../../scripts/admin-client.ts";
import { waitFor } from "../../scripts/wait.ts";

/** A block that was lost three times is sent again after a minute, a reward whose message was lost after two; then the rewards wait for their permits. */
const SETTLE_TIMEOUT_MS = 480_000;
const SETTLE_EVERY_MS = 1_000;

/** The balance of a campaign once nothing is on its way any more; as it stands where that takes too long. */
export async function settle(admin: AdminClient, campaign: string): Promise<AdminInvariants> {
  const settled = waitFor({ what: `${campaign} to settle`, timeoutMs: SETTLE_TIMEOUT_MS, everyMs: SETTLE_EVERY_MS }, async () => {
    const balance = await admin.invariants(campaign);
    return isSettled(balance) ? balance : null;
  });
  // What is missing is in the balance.
  return await settled.catch(() => admin.invariants(campaign));
}

function isSettled({ prizes, unsettled }: AdminInvariants): boolean {
  return (
    unsettled.blocks + unsettled.events === 0 &&
    prizes.every(({ redeemed, settledRedeemed, rewards }) => redeemed === settledRedeemed && rewards.pending === 0)
  );
}
