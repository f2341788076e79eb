import type { Block } from "../../durable-objects/block.ts";
import { errorText } from "../error-text.ts";
import { cardIssuer } from "../objects.ts";
import { byIssuer } from "./blocks.ts";
import { placeKey } from "./chain.ts";
import { HELD_AS_MENDED } from "./held-rewards.ts";
import { campaignDays, readBlock } from "./lake.ts";
import { boundLedgers, inEach } from "./ledgers.ts";
import type { Ledger } from "./ledgers.ts";
import { dueSearches, searched } from "./missing-blocks.ts";
import type { MissingBlock } from "./missing-blocks.ts";
import { scrubBlocks } from "./scrub.ts";
import { settleBlocks } from "./settle.ts";

/** Blocks looked for in a run, of each ledger. */
const SEARCHES_A_RUN = 500;
/** Of all of them, those read from the lake: a read and a write of R2 each, of the thousand calls that an invocation has. */
const LAKE_READS_A_RUN = 200;
/** Settled in one transaction, as many as a batch of the queue brings. */
const BLOCKS_A_TRANSACTION = 10;

/** In each ledger. One that is away holds up no other. */
export async function mendGaps(env: Env, nowMs: number = Date.now()): Promise<void> {
  const ledgers = boundLedgers(env);
  const lakeReads = Math.max(1, Math.floor(LAKE_READS_A_RUN / ledgers.length));
  await inEach(ledgers, async (ledger) => {
    await scrubBlocks(ledger, nowMs, ledgers.length);
    await mendLedger(env, ledger, nowMs, lakeReads);
  });
}

/**
 * Finds blocks that the ledger has not got, and brings them: an issuer that still has one is asked to send it, at once; one that does not was told that the
 * ledger had it, and it is taken from the lake. What neither has is lost, said so loudly, and looked for again ever more rarely.
 */
async function mendLedger(env: Env, ledger: Ledger, nowMs: number, lakeReads: number): Promise<void> {
  const due = await dueSearches(ledger, nowMs, SEARCHES_A_RUN);
  if (due.length === 0) return;
  const { held, gone } = await askIssuers(env, due);
  const looked = gone.slice(0, lakeReads);
  const lost = await takeFromLake(env, looked);
  for (const { campaign, shard, block } of lost) {
    console.error(JSON.stringify({ message: "a block is lost: neither its issuer nor the lake has it", campaign, shard, block }));
  }
  const found = looked.filter((block) => !lost.includes(block));
  await ledger.LEDGER.batch([searched(ledger, [...held, ...found], false, nowMs), searched(ledger, lost, true, nowMs)]);
}

/** Has issuers send what they still have of these blocks. One that does not answer is asked in the next run. */
async function askIssuers(env: Env, missing: readonly MissingBlock[]): Promise<{ held: MissingBlock[]; gone: MissingBlock[] }> {
  const blocks = new Map(missing.map((block) => [placeKey(block), block]));
  const [held, gone]: [MissingBlock[], MissingBlock[]] = [[], []];
  await Promise.all(
    byIssuer(missing).map(async ({ address, blocks: numbers }) => {
      try {
        const sent = new Set(await cardIssuer(env, address).resend(address, numbers));
        for (const block of numbers) {
          const row = blocks.get(placeKey({ ...address, block }));
          if (row !== undefined) (sent.has(block) ? held : gone).push(row);
        }
      } catch (error) {
        console.error(JSON.stringify({ message: "an issuer could not be asked for blocks", ...address, error: errorText(error) }));
      }
    }),
  );
  return { held, gone };
}

/** Settles those of the blocks that the lake has; gives the others. The ledger had them once: rewards that it has lost with them may have been granted, and are held. */
async function takeFromLake(env: Env, missing: readonly MissingBlock[]): Promise<MissingBlock[]> {
  const lost: MissingBlock[] = [];
  const days = new Map<string, Promise<string[]>>();
  for (let first = 0; first < missing.length; first += BLOCKS_A_TRANSACTION) {
    const found: Block[] = [];
    for (const place of missing.slice(first, first + BLOCKS_A_TRANSACTION)) {
      const ofCampaign = days.get(place.campaign) ?? campaignDays(env, place.campaign);
      days.set(place.campaign, ofCampaign);
      const block = await readBlock(env, place, await ofCampaign);
      if (block === null) lost.push(place);
      else found.push(block);
    }
    await settleBlocks(env, found, HELD_AS_MENDED);
  }
  return lost;
}
