import { GENESIS_HASH } from "../../block.ts";
import { migrate } from "../../migrate.ts";
import type { CampaignRules, CardState, ShardAddress } from "../../protocol.ts";
import type { KeyUse } from "../card-ids.ts";
import { CardStorage } from "./cards.ts";
import { IndexStorage } from "./stored-index.ts";
import { MIGRATIONS } from "./migrations.ts";
import { OutboxStorage } from "./outbox.ts";
import { StockStorage } from "./stock.ts";
import { SweepStorage } from "./sweeps.ts";

export interface IssuerRecord extends ShardAddress {
  readonly rules: CampaignRules | null;
  /** Number of the next lease request. */
  readonly leaseRequest: number;
  readonly lastBlock: number;
  /** Events of cards up to this one's issue are in blocks. */
  readonly sealedSeq: number;
}

interface TallyRow extends Record<string, SqlStorageValue> {
  prize: string;
  fallback: number;
  returned: number;
  state: CardState;
  count: number;
}

/** The issuer's SQL, statement by statement; set-based, so that a flush costs a handful of statements whatever its size. */
export class IssuerStorage {
  readonly stock: StockStorage;
  readonly cards: CardStorage;
  readonly index: IndexStorage;
  readonly sweeps: SweepStorage;
  readonly outbox: OutboxStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    migrate(storage, MIGRATIONS);
    const { sql } = storage;
    this.#sql = sql;
    this.stock = new StockStorage(sql);
    this.cards = new CardStorage(sql);
    this.index = new IndexStorage(sql);
    this.sweeps = new SweepStorage(sql);
    this.outbox = new OutboxStorage(sql);
  }

  issuer(): IssuerRecord | null {
    const [row] = this.#sql
      .exec<{ campaign: string; shard: number; rules: string | null; lease_request: number; last_block: number; sealed_seq: number }>(
        "SELECT campaign, shard, rules, lease_request, last_block, sealed_seq FROM issuer",
      )
      .toArray();
    if (row === undefined) return null;
    const rules = row.rules === null ? null : (JSON.parse(row.rules) as CampaignRules);
    const { campaign, shard, lease_request, last_block, sealed_seq } = row;
    return { campaign, shard, rules, leaseRequest: lease_request, lastBlock: last_block, sealedSeq: sealed_seq };
  }

  adopt({ campaign, shard }: ShardAddress): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO issuer (id, campaign, shard, lease_request, last_block, last_hash, giveback)
       VALUES (0, ?, ?, 1, 0, ?, 0)`,
      campaign,
      shard,
      GENESIS_HASH,
    );
    this.sweeps.begin(1);
  }

  saveRules(rules: CampaignRules): void {
    this.#sql.exec("UPDATE issuer SET rules = ?", JSON.stringify(rules));
  }

  cardKeys(): KeyUse[] {
    return this.#sql
      .exec<{ first_seq: number; fingerprint: string }>("SELECT first_seq, fingerprint FROM card_keys ORDER BY first_seq")
      .toArray()
      .map(({ first_seq, fingerprint }) => ({ firstSeq: first_seq, fingerprint }));
  }

  useCardKey({ firstSeq, fingerprint }: KeyUse): void {
    this.#sql.exec("INSERT OR REPLACE INTO card_keys (first_seq, fingerprint) VALUES (?, ?)", firstSeq, fingerprint);
  }

  tally(): { cards: TallyRow[]; unsettledBlocks: number; unpackedEvents: number } {
    const cards = this.#sql
      .exec<TallyRow>("SELECT prize, segment IS NULL AS fallback, returned, state, count(*) AS count FROM cards GROUP BY 1, 2, 3, 4")
      .toArray();
    const { blocks, events } = this.#sql
      .exec<{ blocks: number; events: number }>(
        `SELECT (SELECT count(*) FROM blocks) AS blocks,
                (SELECT coalesce(sum(events), 0) FROM pending, issuer WHERE block > last_block)
                  + (SELECT count(*) FROM cards, issuer WHERE seq > sealed_seq) AS events`,
      )
      .one();
    return { cards, unsettledBlocks: blocks, unpackedEvents: events };
  }
}
