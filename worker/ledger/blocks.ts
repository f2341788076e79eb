import type { Block } from "../../durable-objects/block.ts";
import { issuerName } from "../../durable-objects/protocol.ts";
import type { ShardAddress } from "../../durable-objects/protocol.ts";
import { UNKNOWN_HASH } from "./chain.ts";
import type { BlockPlace, SettledBlock } from "./chain.ts";
import { rebuiltStatement } from "./rebuild/under-way.ts";

/** What the ledger has at and beside some places, and which of their campaigns' ledgers are being rebuilt. */
export interface Surroundings {
  /** Of the blocks at these places and with the numbers before and after. */
  readonly settled: readonly SettledBlock[];
  readonly rebuilt: ReadonlySet<string>;
}

/** Reads both in one call. The join finds each block by its key, as an `IN` would not. */
export async function surroundings(env: Pick<Env, "LEDGER">, places: readonly BlockPlace[]): Promise<Surroundings> {
  const campaigns = places.map(({ campaign }) => campaign);
  const beside = env.LEDGER.prepare(
    `SELECT campaign, shard, block, prev, hash FROM json_each(?) AS place
     CROSS JOIN blocks ON campaign = place.value->>0 AND shard = place.value->>1 AND block BETWEEN (place.value->>2) - 1 AND (place.value->>2) + 1`,
  ).bind(JSON.stringify(places.map(({ campaign, shard, block }) => [campaign, shard, block])));
  const [rebuilt, settled] = await env.LEDGER.batch([rebuiltStatement(env, campaigns), beside]);
  return {
    settled: (settled?.results ?? []) as SettledBlock[],
    rebuilt: new Set(((rebuilt?.results ?? []) as { campaign: string }[]).map(({ campaign }) => campaign)),
  };
}

/**
 * Aborts its transaction for a number that is already there, for a block that does not fit one beside it, unless that was accepted, and while its ledger is
 * being rebuilt: so nothing is applied twice, out of its chain or amid a rebuild, even when two race. In the register it does so, too, for a campaign of more ledgers
 * than are `bound`: where one's binding is gone, its blocks stay with their issuers.
 */
export function insertBlocks(env: Pick<Env, "LEDGER">, blocks: readonly Block[], bound: number, nowMs: number): D1PreparedStatement {
  const rows = blocks.map(({ header }) => [header.campaign, header.shard, header.block, header.prev, header.hash, header.events]);
  return env.LEDGER.prepare(
    `INSERT INTO blocks (campaign, shard, block, prev, hash, events, settled_at)
     SELECT value->>0, value->>1, value->>2, value->>3,
       CASE WHEN NOT EXISTS (
         SELECT 1 FROM blocks AS beside
         WHERE beside.campaign = value->>0 AND beside.shard = value->>1 AND beside.block BETWEEN (value->>2) - 1 AND (value->>2) + 1
           AND CASE WHEN beside.block < value->>2 THEN beside.hash NOT IN (value->>3, ?3) WHEN beside.block > value->>2 THEN beside.prev <> value->>4 END
           AND NOT EXISTS (
             SELECT 1 FROM chain_faults AS fault
             WHERE fault.campaign = value->>0 AND fault.shard = value->>1 AND fault.block = value->>2 AND fault.kind = 'broken'
               AND fault.hash = value->>4 AND fault.accepted_at IS NOT NULL
           )
       ) AND NOT EXISTS (SELECT 1 FROM ledger_rebuilds WHERE ledger_rebuilds.campaign = value->>0)
         AND NOT EXISTS (SELECT 1 FROM campaigns WHERE campaigns.campaign = value->>0 AND campaigns.ledgers > ?4) THEN value->>4 END,
       value->>5, ?2
     FROM json_each(?1)`,
  ).bind(JSON.stringify(rows), nowMs, UNKNOWN_HASH, bound);
}

/** The numbers of blocks, issuer by issuer. */
export function byIssuer(places: readonly BlockPlace[]): { readonly address: ShardAddress; readonly blocks: number[] }[] {
  const issuers = new Map<string, { readonly address: ShardAddress; readonly blocks: number[] }>();
  for (const { campaign, shard, block } of places) {
    const address = { campaign, shard };
    const issuer = issuers.get(issuerName(address)) ?? { address, blocks: [] };
    issuer.blocks.push(block);
    issuers.set(issuerName(address), issuer);
  }
  return [...issuers.values()];
}
