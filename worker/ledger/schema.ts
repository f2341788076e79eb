import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** D1, as the numbered files in `migrations/` make it; a test holds the two against each other. Times are milliseconds since the epoch. */

export const campaigns = sqliteTable("campaigns", {
  campaign: text().primaryKey(),
  /** `campaign.json` as accepted, defaults filled in. */
  file: text().notNull(),
  etag: text().notNull(),
  version: integer().notNull(),
  status: text({ enum: ["draft", "open", "paused", "closed"] }).notNull(),
  shards: integer().notNull(),
  publishedAt: integer("published_at").notNull(),
  /** In how many databases its cards settle. */
  ledgers: integer().notNull().default(1),
});

export const partners = sqliteTable("partners", {
  partner: text().primaryKey(),
  name: text().notNull(),
  /** JSON array of campaign ids; `["*"]`: all. */
  campaigns: text().notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export const partnerKeys = sqliteTable(
  "partner_keys",
  {
    keyId: text("key_id").primaryKey(),
    partner: text().notNull(),
    algorithm: text({ enum: ["ed25519", "hmac-sha256"] }).notNull(),
    /** ed25519: the raw public key, base64. hmac-sha256: the secret, sealed with PARTNER_KEY. */
    material: text().notNull(),
    createdAt: integer("created_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (t) => [index("partner_keys_partner").on(t.partner)],
);

/** Where partners want to be told of events. */
export const webhookEndpoints = sqliteTable(
  "webhook_endpoints",
  {
    endpoint: text().primaryKey(),
    partner: text().notNull(),
    url: text().notNull(),
    /** JSON array of event types; null: all. */
    types: text(),
    /** The signing secret, sealed with PARTNER_KEY. */
    sealed: text().notNull(),
    createdAt: integer("created_at").notNull(),
    disabledAt: integer("disabled_at"),
    /** `gone`: it answered 410. */
    disabledBy: text("disabled_by", { enum: ["operator", "gone"] }),
  },
  (t) => [index("webhook_endpoints_partner").on(t.partner)],
);

/** What partners are still to be told of: written in the transaction that made it so, gone when every endpoint concerned has it. */
export const partnerFeed = sqliteTable("partner_feed", {
  feed: integer().primaryKey({ autoIncrement: true }),
  campaign: text().notNull(),
  kind: text({ enum: ["block", "rewards", "stock", "replay"] }).notNull(),
  /** JSON, of a form for each kind. */
  body: text().notNull(),
  /** How often it was sent again, and when it next will be if it is still here. */
  sweeps: integer().notNull(),
  dueAt: integer("due_at").notNull(),
});

/** Prizes that ran low while somebody wanted to be told. */
export const stockLevels = sqliteTable(
  "stock_levels",
  {
    campaign: text().notNull(),
    prize: text().notNull(),
    level: text({ enum: ["plenty", "low", "sold_out"] }).notNull(),
    /** Counts up with each change. */
    changes: integer().notNull(),
    at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.prize] })],
);

export const uploads = sqliteTable(
  "uploads",
  {
    upload: integer().primaryKey({ autoIncrement: true }),
    campaign: text().notNull(),
    /** Key of the object in the bucket `kuji-pools`. */
    object: text().notNull(),
    etag: text().notNull(),
    status: text({ enum: ["imported", "refused"] }).notNull(),
    /** Cards imported; null for a campaign file and for a refused one. */
    cards: integer(),
    /** JSON array of faults, null when imported. */
    faults: text(),
    at: integer().notNull(),
  },
  (t) => [index("uploads_object").on(t.object, t.upload), index("uploads_campaign").on(t.campaign, t.upload)],
);

/** Blocks applied. A block is here exactly when all of its events are in the tables below. */
export const blocks = sqliteTable(
  "blocks",
  {
    campaign: text().notNull(),
    shard: integer().notNull(),
    block: integer().notNull(),
    hash: text().notNull(),
    events: integer().notNull(),
    settledAt: integer("settled_at").notNull(),
    /** Hash of the block before it; null for one that was settled when this was not kept. */
    prev: text(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.shard, t.block] })],
);

/** Blocks that are not in the ledger though a later one of their shard has been for a while. A row goes when its block has settled. */
export const missingBlocks = sqliteTable(
  "missing_blocks",
  {
    campaign: text().notNull(),
    shard: integer().notNull(),
    block: integer().notNull(),
    /** When the block after the gap was settled. */
    since: integer().notNull(),
    /** How often it was looked for at its issuer and in the lake, and when it next will be. */
    searches: integer().notNull(),
    searchAt: integer("search_at").notNull(),
    /** When neither the issuer nor the lake had it; null: it was not looked for yet, or the issuer has sent it. */
    lostAt: integer("lost_at"),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.shard, t.block] })],
);

/** Places at which a shard's chain of blocks does not hold. */
export const chainFaults = sqliteTable(
  "chain_faults",
  {
    campaign: text().notNull(),
    shard: integer().notNull(),
    block: integer().notNull(),
    /**
     * `broken`: it arrived and was not applied, for it does not fit the blocks beside it. `other_content`: it arrived, and the ledger has another block of its
     * number. `altered`: it is in the ledger and does not fit the one before it.
     */
    kind: text({ enum: ["broken", "other_content", "altered"] }).notNull(),
    /** Of the block as it arrived; of an altered one, as the ledger has it. */
    hash: text().notNull(),
    firstAt: integer("first_at").notNull(),
    lastAt: integer("last_at").notNull(),
    /** When an operator had the block applied all the same. */
    acceptedAt: integer("accepted_at"),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.shard, t.block, t.kind] })],
);

/** The last block that the scrub has looked at: one row, `id` 0. */
export const scrubCursor = sqliteTable("scrub_cursor", {
  id: integer().primaryKey(),
  campaign: text().notNull(),
  shard: integer().notNull(),
  block: integer().notNull(),
});

/** Where the scheduled reconciliation stands: one row, `id` 0. */
export const reconcileCursor = sqliteTable("reconcile_cursor", {
  id: integer().primaryKey(),
  campaign: text().notNull(),
  /** JSON, of a form of the reconciliation's own. */
  cursor: text().notNull(),
  /** When this campaign's round began. */
  startedAt: integer("started_at").notNull(),
});

/** Cards in which the ledger differed from their issuer when the scheduled reconciliation last looked. A row goes when a whole round does not find it. */
export const cardDifferences = sqliteTable(
  "card_differences",
  {
    campaign: text().notNull(),
    card: text().notNull(),
    /** JSON array of texts. */
    faults: text().notNull(),
    firstAt: integer("first_at").notNull(),
    lastAt: integer("last_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.card] })],
);

/** Ledgers that are being wiped and rebuilt: while a row is here, settlement leaves its campaign's blocks with their issuers. */
export const ledgerRebuilds = sqliteTable("ledger_rebuilds", {
  campaign: text().primaryKey(),
  source: text({ enum: ["issuers", "lake"] }).notNull(),
  startedAt: integer("started_at").notNull(),
  /** Counts up with each step: of two who take the same one, one fails. */
  step: integer().notNull(),
  steppedAt: integer("stepped_at").notNull(),
  /** JSON: what the next step does. */
  cursor: text().notNull(),
  cards: integer().notNull(),
  blocks: integer().notNull(),
  /** Objects of the lake that were not as they were written, and were left out. */
  damaged: integer().notNull(),
  /** The ledger's content hash before it was wiped; empty until it was read. */
  hashBefore: text("hash_before").notNull(),
  /** The operator, for the audit; null for one begun when this was not kept. */
  begunBy: text("begun_by"),
  /** Blocks that the ledger once had and the lake does not have. */
  missing: integer().notNull().default(0),
  /** JSON array of texts for operators: what was damaged, missing or not to be asked; the first of many. */
  faults: text().notNull().default("[]"),
});

/** How a ledger had its rewards before they were wiped, while it is rebuilt: what it had as pending may be asked for again, and nothing else. */
export const rewardsBefore = sqliteTable(
  "rewards_before",
  {
    campaign: text().notNull(),
    card: text().notNull(),
    status: text({ enum: ["pending", "granted", "failed", "held"] }).notNull(),
    /** Of a held one. */
    why: text(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.card] })],
);

/** What came of a campaign's last rebuild that has ended. */
export const ledgerRebuildResults = sqliteTable("ledger_rebuild_results", {
  campaign: text().primaryKey(),
  source: text({ enum: ["issuers", "lake"] }).notNull(),
  startedAt: integer("started_at").notNull(),
  endedAt: integer("ended_at").notNull(),
  /** What the ledger had at its end. */
  cards: integer().notNull(),
  blocks: integer().notNull(),
  /** Objects of the lake that were left out. */
  damaged: integer().notNull(),
  /** The ledger's content hash before it was wiped, and at the end, before anything else was settled. */
  hashBefore: text("hash_before").notNull(),
  hashAfter: text("hash_after").notNull(),
  /** Blocks that the lake did not have. */
  missing: integer().notNull().default(0),
  /** Rewards that may have been granted: nobody is asked for them until an operator has said so. */
  held: integer().notNull().default(0),
  /** JSON array of texts. */
  faults: text().notNull().default("[]"),
});

/**
 * Each column is written by one event only, so events may settle in any order; `version` and `state` take the highest. What D1 bills is rows, one more for each
 * index that a row comes into: a card is found by its key, its owner or its code, and by what its draw asked at its issuer.
 */
export const cards = sqliteTable(
  "cards",
  {
    campaign: text().notNull(),
    card: text().notNull(),
    shard: integer().notNull(),
    version: integer().notNull(),
    state: text({ enum: ["issued", "revealed", "redeemed", "used", "voided", "expired"] }).notNull(),
    prize: text().notNull(),
    request: text(),
    recipient: text(),
    lineUser: text("line_user"),
    metadata: text(),
    segment: text(),
    position: integer(),
    code: text(),
    issuedAt: integer("issued_at"),
    expiresAt: integer("expires_at"),
    revealedAt: integer("revealed_at"),
    redeemedAt: integer("redeemed_at"),
    usedAt: integer("used_at"),
    /** When it was voided or expired. */
    endedAt: integer("ended_at"),
    reason: text(),
    /** Where a coupon was used. */
    store: text(),
    till: text(),
    /** 1: the card's place in the deck was given back and is stock again. */
    returned: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.campaign, t.card] }),
    index("cards_line_user")
      .on(t.lineUser, t.campaign, t.issuedAt)
      .where(sql`"line_user" IS NOT NULL`),
    index("cards_code")
      .on(t.code)
      .where(sql`"code" IS NOT NULL`),
  ],
);

export const rewards = sqliteTable(
  "rewards",
  {
    campaign: text().notNull(),
    /** A card has one reward; the card id is the key under which a provider grants it once. */
    card: text().notNull(),
    prize: text().notNull(),
    kind: text().notNull(),
    lineUser: text("line_user").notNull(),
    recipient: text(),
    status: text({ enum: ["pending", "granted", "failed"] }).notNull(),
    /** Since it was last redriven. */
    attempts: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    /** Null of one that is granted or failed, and of a fresh one: `fresh_rewards` names it. */
    nextAttemptAt: integer("next_attempt_at"),
    grantedAt: integer("granted_at"),
    lastError: text("last_error"),
    /** What the provider answered, JSON. */
    receipt: text(),
    /** How often an operator had it asked for again after it failed. */
    redrives: integer().notNull().default(0),
    /** Null while it is not failed: a redriven one is pending again. */
    failedAt: integer("failed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.campaign, t.card] }),
    // Neither a granted one is in an index, nor one that is granted at the first attempt: it would cost a row more. SQLite takes this one for a query that
    // says `status = 'failed'`, in these words, or compares `next_attempt_at`.
    index("rewards_waiting")
      .on(t.status, t.nextAttemptAt)
      .where(sql`"status" = 'failed' OR "next_attempt_at" IS NOT NULL`),
  ],
);

/**
 * The pending rewards that a transaction has made and nobody has tried to grant, a row a transaction. The sweeper looks at them once they should have been granted: the
 * row goes, and what is pending still has a time from then on, by which it is found.
 */
export const freshRewards = sqliteTable("fresh_rewards", {
  entry: integer().primaryKey(),
  at: integer().notNull(),
  /** JSON array of `[campaign, card]`. */
  cards: text().notNull(),
});

/** What the lake does not have yet: written in the transaction that made it so, gone when the lake has it. A row is what one transaction did to one campaign. */
export const lakeOutbox = sqliteTable("lake_outbox", {
  entry: integer().primaryKey({ autoIncrement: true }),
  campaign: text().notNull(),
  at: integer().notNull(),
  /** NDJSON: `RewardOutcome`s. */
  body: text().notNull(),
});

/** What a minute counter counts, per prize: at any time what counting the rows of `cards` and `rewards` by their times would give. */
export const COUNTER_TYPES = [
  /** Dealt from the stock. */
  "issued",
  "issued_as_fallback",
  "revealed",
  "redeemed",
  "used",
  "voided",
  "expired",
  /** Of those voided and expired: their place is stock again. */
  "returned",
  /** Rewards, in the minute in which they were; a failed one that is redriven counts no more. */
  "reward_granted",
  "reward_failed",
] as const;
export type CounterType = (typeof COUNTER_TYPES)[number];

export const minuteCounters = sqliteTable(
  "minute_counters",
  {
    campaign: text().notNull(),
    /** Start of the minute, milliseconds since the epoch. */
    minute: integer().notNull(),
    type: text({ enum: COUNTER_TYPES }).notNull(),
    prize: text().notNull(),
    count: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.campaign, t.minute, t.type, t.prize] })],
);

export const deadLetters = sqliteTable("dead_letters", {
  letter: integer().primaryKey({ autoIncrement: true }),
  queue: text().notNull(),
  /** JSON; a block as its header alone, for the issuer still holds it. */
  body: text().notNull(),
  at: integer().notNull(),
});

/** Every write of an operator. `hash` = SHA-256(`prev` ‖ entry), hex: a changed or missing entry breaks the chain. */
export const audit = sqliteTable("audit", {
  entry: integer().primaryKey(),
  at: integer().notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  subject: text().notNull(),
  /** JSON, null where there was or is nothing. */
  before: text(),
  after: text(),
  prev: text().notNull(),
  hash: text().notNull(),
});
