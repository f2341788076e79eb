import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import type { AdminInvariants } from "../../scripts/admin-client.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { settle } from "../../soak/play/settle.ts";
import { judgeBooks } from "./judge.ts";
import type { Play } from "./run.ts";
import type { Stage } from "./stage.ts";

/** How a campaign stands when all that came of its loads has settled. */
export interface CheckedBooks {
  readonly cards: number;
  readonly rewards: { readonly granted: number; readonly pending: number; readonly failed: number };
  /** From the end of the load until nothing was on its way any more. */
  readonly settledInSeconds: number;
  readonly faults: readonly string[];
}

/** Waits until everything has settled, and holds what users were told against pool, issuers and ledger. */
export async function checkBooks({ scene: { stage, campaign }, told }: Play, terminal: Terminal): Promise<CheckedBooks> {
  return await terminal.step(`${campaign} has settled, and every card that was answered is there once`, async () => {
    const beginMs = performance.now();
    const balance = await settle(stage.admin, campaign);
    const settledInSeconds = (performance.now() - beginMs) / 1_000;
    const ledger = await ledgerCards(stage, campaign);
    return { cards: ledger.length, rewards: rewardsOf(balance), settledInSeconds, faults: judgeBooks({ ...told, balance, ledger }) };
  });
}

export function rewardsOf({ prizes }: Pick<AdminInvariants, "prizes">): CheckedBooks["rewards"] {
  const sum = (status: "granted" | "pending" | "failed") => prizes.reduce((total, { rewards }) => total + rewards[status], 0);
  return { granted: sum("granted"), pending: sum("pending"), failed: sum("failed") };
}

/** The ids of the ledger's cards, from its export. */
async function ledgerCards({ admin }: Stage, campaign: string): Promise<string[]> {
  const ids: string[] = [];
  await pipeline(
    await admin.exportCards(campaign),
    parse({ columns: true, bom: true }),
    async (rows: AsyncIterable<{ readonly card: string }>) => {
      for await (const { card } of rows) ids.push(card);
    },
  );
  return ids;
}
