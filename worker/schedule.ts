import { errorText } from "./error-text.ts";
import { mendGaps } from "./ledger/mend-gaps.ts";
import { endLeftRebuilds } from "./ledger/rebuild/rebuild.ts";
import { reconcileInTurn } from "./ledger/reconcile/in-turn.ts";
import { scanUploads } from "./pools/scan.ts";
import { archiveOutcomes } from "./rewards/archive-outcomes.ts";
import { sweepRewards } from "./rewards/sweep.ts";
import { sweepFeeds } from "./webhooks/feed.ts";
import { watchStock } from "./webhooks/watch-stock.ts";

/** What is done every minute. One errand's failure is logged and does not keep the others from being run. */
export async function runSchedule(env: Env): Promise<void> {
  const errands = {
    scanUploads: () => scanUploads(env),
    mendGaps: () => mendGaps(env),
    sweepRewards: () => sweepRewards(env),
    archiveOutcomes: () => archiveOutcomes(env),
    sweepFeeds: () => sweepFeeds(env),
    watchStock: () => watchStock(env),
    reconcileInTurn: () => reconcileInTurn(env),
    endLeftRebuilds: () => endLeftRebuilds(env),
  };
  await Promise.all(
    Object.entries(errands).map(async ([errand, run]) => {
      try {
        await run();
      } catch (error) {
        console.error(JSON.stringify({ message: "a scheduled errand failed", errand, error: errorText(error) }));
      }
    }),
  );
}
