/**
 * Every type that crosses a Durable Object boundary. Expected outcomes are unions tagged by `status`; a thrown error is a bug.
 * Times are milliseconds since the Unix epoch (`…Ms`), durations too.
 */

export const PRIZE_KINDS = ["none", "coupon", "code", "line-sticker", "line-coupon", "line-message", "webhook"] as const;
export type PrizeKind = (typeof PRIZE_KINDS)[number];

export type CampaignStatus = "draft" | "open" | "paused" | "closed";

/** How one segment's cards come into play; by the name of its file, from the campaign file's `pools`. */
export interface SegmentOptions {
  /** What is left when the segment closes: it stays stock, or is never dealt. */
  readonly leftover: "roll-over" | "withhold";
  /** Odds mode: when the deck runs low the same manifest is dealt again, at most `maxDecks` times in all; null: without end. */
  readonly repeat: { readonly maxDecks: number | null } | null;
  /** Winning moments: each card is released at a random time in the window, and goes to whoever draws next. */
  readonly moments: { readonly fromMs: number; readonly toMs: number } | null;
}

/** Issuers are awake and hold a lease this long before the campaign starts. */
export const WARM_UP_MS = 300_000;

export const PLAIN_SEGMENT: SegmentOptions = { leftover: "withhold", repeat: null, moments: null };

/** What an issuer must know of a campaign to decide. Pushed by the pool; rides on every lease. */
export interface CampaignRules {
  readonly campaign: string;
  /** Counts up with every publish and every change of status; a lower one never replaces a higher one. */
  readonly version: number;
  readonly status: CampaignStatus;
  /** Number of issuers; fixed when the campaign opens. */
  readonly shards: number;
  /** Number of D1 databases that its cards settle in; fixed when the campaign opens. Shard `s` settles in ledger `s mod ledgers`. */
  readonly ledgers: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** How long a card may wait for its redemption; null: for ever. */
  readonly cardTtlMs: number | null;
  /** IANA name; the day of `perRecipientPerDay` begins at midnight there. */
  readonly timezone: string;
  readonly limits: { readonly perRecipient: number | null; readonly perRecipientPerDay: number | null };
  readonly autoRedeem: boolean;
  readonly returnStock: { readonly onVoid: boolean; readonly onExpiry: boolean };
  /** Unlimited prize dealt when the stock is gone; null: `sold_out`. */
  readonly fallback: string | null;
  readonly prizes: Readonly<Record<string, PrizeKind>>;
  /** Segments that are not `PLAIN_SEGMENT`, by name. */
  readonly pools: Readonly<Record<string, SegmentOptions>>;
}

// ─── Pool: publishing, importing ────────────────────────────────────────────────────────────────────────────────────

/** What a campaign file says that the pool must know; the pool adds `version`, `status` and, once open, the fixed `shards` and `ledgers`. */
export type PublishedRules = Omit<CampaignRules, "version" | "status">;

export type PublishReply =
  | { readonly status: "published"; readonly rules: CampaignRules; readonly changed: boolean }
  /** A prize in stock is gone from the file, or changed its kind; null: it is the fallback of a campaign that has been opened. */
  | { readonly status: "prize_in_stock"; readonly prize: string; readonly segment: string | null; readonly campaign: CampaignStatus }
  /** The campaign has been opened, and the options of an imported segment would change. */
  | { readonly status: "segment_in_stock"; readonly segment: string }
  /** An imported segment could not be dealt as the file says. */
  | { readonly status: "schedule_impossible"; readonly segment: string; readonly conflicts: readonly ScheduleConflict[] }
  /** The campaign has been opened, and would get another fallback than it has, or none. */
  | { readonly status: "fallback_fixed"; readonly fallback: string };

/** Why a segment's schedule cannot work: `reason` for a program, `message` for whoever made it. */
export interface ScheduleConflict {
  readonly reason: "opens_after_end" | "closes_before_start" | "too_many_moments" | "wave_of_moments" | "codes_repeat";
  readonly message: string;
}

/** A deck of this many cards, as 16-bit ordinals, is 20 MB: it is shuffled and dealt within the 128 MB of a Durable Object. */
export const MAX_SEGMENT_CARDS = 10_000_000;

/** One row of a prize-pool file: `quantity` cards of `prize`. Rows with codes are staged apart. */
export interface ManifestEntry {
  readonly prize: string;
  readonly quantity: number;
}

export interface SegmentUpload {
  readonly campaign: string;
  /** File name below `<campaign>/pools/`, for example `first.csv`. */
  readonly segment: string;
  /** Identity of the bytes (the object's etag). The same name with the same etag is the same segment. */
  readonly etag: string;
}

/** How far the reader of a file has come. */
export interface ImportProgress {
  /** Of the file. */
  readonly bytes: number;
  readonly bytesRead: number;
  /** Below the header, blank ones left out. */
  readonly rows: number;
  readonly codes: number;
}

/** Codes of one prize as they are stored: a JSON array of strings, in the file's order. */
export interface CodeChunk {
  readonly prize: string;
  readonly count: number;
  readonly codes: string;
}

/** One step of an import: what a stretch of the file brings, and from where the next goes on. */
export interface ImportStep {
  /** Counts up from 0. Other than the number of steps that the pool has of this import: another importer has done it. */
  readonly step: number;
  /** What the importer has to know to go on; the pool keeps it and does not read it. */
  readonly state: string;
  readonly progress: ImportProgress;
  readonly chunks: readonly CodeChunk[];
  readonly digests: PackedDigests;
}

/** Digests of codes, each with its line (see `code-digests.ts`), those of a part beside each other; `counts[part]` of them. */
export interface PackedDigests {
  readonly entries: Uint8Array;
  readonly counts: readonly number[];
}

export type BeginImportReply =
  /** `step` steps are done already, and left `state`; null: none is. */
  | { readonly status: "begun"; readonly step: number; readonly state: string | null }
  | { readonly status: "already_imported"; readonly cards: number }
  /** The campaign is open and this name was imported with other bytes. */
  | { readonly status: "segment_immutable" }
  | { readonly status: "campaign_unknown" };

export type StageStepReply =
  | { readonly status: "staged" }
  /** Another importer of the same bytes has done this step: it goes on with them. */
  | { readonly status: "done_by_another" }
  | { readonly status: "no_import" };

/** A code that is not the first of its kind. */
export interface DuplicateCode {
  readonly line: number;
  /** The other segment that has it; null: this one. */
  readonly segment: string | null;
  /** Its first line there; 0: not known any more. */
  readonly firstLine: number;
}

export type CheckCodesReply =
  /** Not all of them are compared yet: call again. */
  | { readonly status: "checking" }
  /** `more`: duplicates beyond those named. */
  | { readonly status: "checked"; readonly duplicates: readonly DuplicateCode[]; readonly more: number }
  | { readonly status: "no_import" };

export interface ImportManifest extends SegmentUpload {
  readonly entries: readonly ManifestEntry[];
  /** How many codes were staged: other than these many, and the staging is not this import's. */
  readonly codes: number;
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
}

export type CommitImportReply =
  | { readonly status: "imported"; readonly cards: number; readonly commitment: string }
  | { readonly status: "already_imported"; readonly cards: number }
  | { readonly status: "segment_immutable" }
  | { readonly status: "unknown_prize"; readonly prize: string }
  /** A deck that is dealt again cannot have codes, which are dealt once. */
  | { readonly status: "codes_repeat" }
  /** Codes have come into stock that these were not compared with: check them again. */
  | { readonly status: "unchecked" }
  | { readonly status: "no_import" };

/** An import that is under way. */
export interface PoolImport extends ImportProgress {
  readonly segment: string;
  readonly etag: string;
  readonly startedAtMs: number;
  /** When it last came on. */
  readonly touchedAtMs: number;
  /** How much of the codes is compared with each other and with the stock, from 0 to 1. */
  readonly checked: number;
}

// ─── Pool: leases ───────────────────────────────────────────────────────────────────────────────────────────────────

export interface LeaseRequest {
  readonly campaign: string;
  readonly shard: number;
  /** Counts up per shard; asking again with the same number gives the same lease. */
  readonly request: number;
  /** Cards that this shard would use within the lease horizon, from its recent rate. */
  readonly want: number;
}

/** A run of one segment's deck. `ordinals[i]` indexes `prizes`; the card's position in the deck is `start + i`. */
export interface StockRun {
  readonly segment: string;
  readonly start: number;
  readonly prizes: readonly string[];
  readonly ordinals: Uint16Array;
  /** `codes[i]` belongs to card `i`; null where the prize has none. The whole is null where no card has one. */
  readonly codes: readonly (string | null)[] | null;
}

export interface Lease extends StockRun {
  readonly lease: number;
  /** From then on its cards may not be issued; null: they always may. */
  readonly closesAtMs: number | null;
  /** A winning moment: dealt before everything else. */
  readonly first: boolean;
}

/**
 * Why there is nothing to lease. `exhausted`: every card is issued. `later`: stock will open. `elsewhere`: cards are out that cannot be had
 * at the moment (an issuer does not answer, or a lease is on its way): ask again soon.
 */
export type EmptyReason = "exhausted" | "later" | "elsewhere";

export type LeaseReply =
  /** `low`: so little is left that nobody should ask before it must. */
  | { readonly status: "granted"; readonly lease: Lease; readonly low: boolean; readonly rules: CampaignRules }
  /** `untilMs`: when, by the schedule, something comes next; null: nothing is known to come. */
  | { readonly status: "empty"; readonly reason: EmptyReason; readonly untilMs: number | null; readonly rules: CampaignRules }
  | { readonly status: "campaign_unknown" };

/** Stock that an issuer gives back, numbered by it from 1; it is kept until the pool says that it was taken. */
export interface Giveback {
  readonly giveback: number;
  readonly runs: readonly StockRun[];
}

// ─── Pool: life of a campaign ───────────────────────────────────────────────────────────────────────────────────────

export const LIFECYCLE_VERBS = ["open", "pause", "resume", "close"] as const;
export type LifecycleVerb = (typeof LIFECYCLE_VERBS)[number];

export type LifecycleReply =
  | { readonly status: "done"; readonly rules: CampaignRules; readonly shards: readonly ShardMark[] }
  /** Not every issuer has heard it yet; the pool keeps telling them. Ask again. */
  | { readonly status: "unreached"; readonly rules: CampaignRules; readonly shards: readonly number[] }
  | { readonly status: "wrong_state"; readonly current: CampaignStatus }
  | { readonly status: "no_stock" }
  /** It cannot be opened any more. */
  | { readonly status: "ended"; readonly endsAtMs: number }
  | { readonly status: "campaign_unknown" };

/** Where a shard's event log stood when it took the new rules: no event of the old rules has a higher block number. */
export interface ShardMark {
  readonly shard: number;
  readonly lastBlock: number;
}

/** Root of the Merkle tree over one deck, hex. */
export interface DeckRoot {
  readonly deck: number;
  readonly root: string;
}

export interface SegmentFairness {
  readonly segment: string;
  /** Cards of one deck. */
  readonly size: number;
  /** Decks dealt so far: more than one only in odds mode. */
  readonly decks: number;
  readonly commitment: string;
  /** Of the latest decks; none of a segment that is too large for a tree. */
  readonly roots: readonly DeckRoot[];
  /** Only once the campaign is closed: all that the commitment was made of, the seed in hex. */
  readonly opened: { readonly seed: string; readonly manifest: readonly ManifestEntry[]; readonly options: SegmentOptions } | null;
}

/** That a card stands in a deck under its root: the leaf is `cardLeaf`'s, the tree RFC 9162's. Bytes in hex. */
export interface CardProof {
  readonly deck: number;
  /** Of the card in its deck. */
  readonly index: number;
  /** Cards of the deck. */
  readonly size: number;
  readonly salt: string;
  /** Sibling hashes from the leaf's up. */
  readonly path: readonly string[];
  readonly root: string;
}

export type ProofReply =
  | { readonly status: "proven"; readonly commitment: string; readonly proof: CardProof }
  /** The segment is too large for a tree. */
  | { readonly status: "commitment_only"; readonly commitment: string }
  | { readonly status: "overloaded" };

export interface PrizeStock {
  readonly prize: string;
  /** Cards in all segments. */
  readonly loaded: number;
  /** Those that no issuer has. */
  readonly unleased: number;
  /** Of these, what will not be dealt any more: left of segments that have closed and whose leftovers are withheld. */
  readonly withheld: number;
}

export interface PoolStock {
  readonly rules: CampaignRules;
  readonly prizes: readonly PrizeStock[];
  /** Number of the last giveback taken, per shard that gave any. */
  readonly taken: readonly { readonly shard: number; readonly giveback: number }[];
  readonly segments: readonly {
    readonly segment: string;
    readonly etag: string;
    readonly size: number;
    readonly leased: number;
    readonly commitment: string;
  }[];
}

// ─── Issuer ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const CARD_STATES = ["issued", "revealed", "redeemed", "used", "voided", "expired"] as const;
export type CardState = (typeof CARD_STATES)[number];

/** Which issuer a command is for. `shards` is what the sender believes; a wrong belief is answered `misrouted`. */
export interface ShardAddress {
  readonly campaign: string;
  readonly shard: number;
}

export interface Draw {
  readonly requestId: string;
  readonly recipient: string | null;
  readonly lineUserId: string | null;
  /** JSON text, as the partner sent it; at most `MAX_METADATA_BYTES`. */
  readonly metadata: string | null;
}

export interface DrawCommand extends ShardAddress {
  readonly shards: number;
  readonly draws: readonly Draw[];
}

export type DrawResult =
  | { readonly status: "issued" | "replayed"; readonly cardId: string; readonly expiresAtMs: number | null }
  | { readonly status: "limit_reached" | "sold_out" | "not_open" | "conflict" | "overloaded" };

export type DrawReply =
  | { readonly status: "done"; readonly results: readonly DrawResult[] }
  | { readonly status: "misrouted"; readonly rules: CampaignRules };

/** Draws as they cross to an issuer, column by column: a name before each value takes longer to cross than the value. Null: no draw has one. */
export interface DrawColumns {
  readonly requestIds: readonly string[];
  readonly recipients: readonly (string | null)[] | null;
  readonly lineUserIds: readonly (string | null)[] | null;
  readonly metadata: readonly (string | null)[] | null;
}

/** A `DrawCommand` as it crosses; see `draw-columns.ts`. */
export interface DrawCall extends ShardAddress {
  readonly shards: number;
  readonly draws: DrawColumns;
}

/** Results as they cross back; a card id is empty and its end `NaN` where there is none. */
export interface ResultColumns {
  readonly statuses: readonly DrawResult["status"][];
  readonly cardIds: readonly string[];
  readonly expiresAtMs: Float64Array;
}

export type DrawCallReply = { readonly status: "done"; readonly results: ResultColumns } | Extract<DrawReply, { status: "misrouted" }>;

/** A card's place in the stock; positions go on from deck to deck of its segment. */
export interface CardPlace {
  readonly segment: string;
  readonly position: number;
}

/** A card as its issuer holds it. `prize` and `code` are for the edge to show or withhold by `state`. */
export interface CardView {
  readonly cardId: string;
  readonly requestId: string;
  readonly recipient: string | null;
  readonly lineUserId: string | null;
  readonly metadata: string | null;
  readonly state: CardState;
  readonly prize: string;
  readonly kind: PrizeKind;
  /** Where in the stock it came from; null for a fallback card. */
  readonly place: CardPlace | null;
  readonly code: string | null;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revealedAtMs: number | null;
  readonly redeemedAtMs: number | null;
  readonly usedAtMs: number | null;
  /** When it was voided or expired. */
  readonly endedAtMs: number | null;
  /** Where a coupon was used. */
  readonly store: string | null;
}

/** Cards that an issuer tells at a time: a few milliseconds, in which it decides no draw. */
export const MAX_HELD_CARDS = 500;

export interface HeldCardsRequest extends ShardAddress {
  /** Cards are numbered from 1 in the order of their issue. */
  readonly afterSeq: number;
  readonly limit: number;
}

/** A card as its issuer holds it, for the ledger to be held against. */
export interface HeldCard extends CardView {
  readonly seq: number;
  readonly version: number;
  /** Versions whose events the ledger has not confirmed. It may have confirmed later ones: blocks settle in any order. */
  readonly onTheWay: readonly number[];
  /** LINE user that the draw named. */
  readonly drawnFor: string | null;
  readonly returned: boolean;
}

export type HeldCards =
  | {
      readonly status: "read";
      readonly cards: readonly HeldCard[];
      /** Number of the last card issued. */
      readonly lastSeq: number;
      readonly lastBlock: number;
      /** Blocks that the ledger has not confirmed. */
      readonly keptBlocks: readonly number[];
    }
  /** So many blocks are on their way that it has not looked through all of them yet: ask again. */
  | { readonly status: "reading" };

/** Cards that one look-up for customer care may give: more is not read by anybody. */
export const MAX_FOUND_CARDS = 200;

export interface FindCardsRequest extends ShardAddress {
  /** A request id or a recipient. */
  readonly drawnWith: string;
}

/** A card as its issuer holds it, whatever the ledger has of it. */
export type FoundCard = Omit<HeldCard, "onTheWay">;

export interface CardCommand extends ShardAddress {
  readonly cardId: string;
}

/** One point of a scratch: milliseconds since the page opened, percent scratched. */
export type TrailPoint = readonly [msSinceOpen: number, percent: number];

export interface RevealCommand extends CardCommand {
  readonly lineUserId: string;
  readonly trail: readonly TrailPoint[] | null;
}

export interface RedeemCommand extends CardCommand {
  readonly lineUserId: string;
}

export interface VoidCommand extends CardCommand {
  readonly reason: string;
}

export interface UseCommand extends CardCommand {
  readonly store: string;
  readonly till: string | null;
}

export type CardReply =
  | { readonly status: "ok"; readonly card: CardView }
  /** A coupon was used before: `card` tells when and where. */
  | { readonly status: "already_used"; readonly card: CardView }
  | { readonly status: "not_found" | "not_revealed" | "not_redeemed" | "already_redeemed" | "expired" | "voided" | "overloaded" };

export interface SurrenderCommand extends ShardAddress {
  /** The pool has all givebacks up to this one. */
  readonly taken: number;
  /** The last lease request of this shard that the pool has granted. */
  readonly granted: number;
}

export interface SurrenderReply {
  readonly givebacks: readonly Giveback[];
  /** Every lease that the pool granted has arrived: the issuer holds nothing more. */
  readonly settled: boolean;
}

export interface ShardTally extends ShardAddress {
  /** Cards held on lease and not yet issued, per prize. */
  readonly held: Readonly<Record<string, number>>;
  /** Cards per prize in givebacks that are still kept; those that the pool has taken count there. */
  readonly givebacks: readonly { readonly giveback: number; readonly cards: Readonly<Record<string, number>> }[];
  /** Cards per prize and state. `fallback` cards come from no segment; those `returned` are stock again. */
  readonly cards: readonly {
    readonly prize: string;
    readonly fallback: boolean;
    readonly returned: boolean;
    readonly state: CardState;
    readonly count: number;
  }[];
  /** Blocks not yet acknowledged by the ledger, and events not yet in a block. */
  readonly unsettledBlocks: number;
  readonly unpackedEvents: number;
  readonly lastBlock: number;
}

// ─── Events, as they stand line by line (NDJSON) in a block ─────────────────────────────────────────────────────────

interface CardEventBase {
  /** When it happened. */
  readonly at: number;
  readonly card: string;
  /** Counts up with each state of the card, from 1. */
  readonly version: number;
  readonly prize: string;
}

export type CardEvent =
  | (CardEventBase & {
      readonly type: "issued";
      readonly request: string;
      readonly recipient?: string;
      readonly user?: string;
      readonly metadata?: string;
      readonly expires?: number;
      /** Absent for a fallback card. */
      readonly segment?: string;
      readonly position?: number;
    })
  | (CardEventBase & { readonly type: "revealed"; readonly user: string; readonly trail?: readonly TrailPoint[] })
  /** Carries all that a reward needs, so that it can be granted before its `issued` event has settled. */
  | (CardEventBase & {
      readonly type: "redeemed";
      readonly user: string;
      readonly kind: PrizeKind;
      readonly recipient?: string;
      readonly code?: string;
    })
  | (CardEventBase & { readonly type: "used"; readonly store: string; readonly till?: string })
  /** `returned`: the card's place in the deck is stock again. */
  | (CardEventBase & { readonly type: "voided"; readonly reason: string; readonly returned: boolean })
  | (CardEventBase & { readonly type: "expired"; readonly returned: boolean });

/** A run of events of one shard. `hash` = SHA-256(`prev` ‖ body), hex; the first block's `prev` is 64 zeros. */
export interface BlockHeader extends ShardAddress {
  /** From 1, without gaps. */
  readonly block: number;
  readonly prev: string;
  readonly hash: string;
  readonly events: number;
}

// ─── Reward gate ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface GateLimits {
  readonly permitsPerSecond: number;
}

export interface PermitRequest {
  readonly provider: string;
  readonly want: number;
  readonly limits: GateLimits;
}

/** Fewer permits than wanted: try the rest again after `retryAfterMs`. */
export interface PermitReply {
  readonly permits: number;
  readonly retryAfterMs: number;
}

export interface GateReport {
  readonly provider: string;
  readonly succeeded: number;
  readonly failed: number;
  /** The provider's own wish (429 or 503 with `Retry-After`). */
  readonly retryAfterMs: number | null;
}

/** A gate, as an operator sees it. */
export interface GateState {
  /** `half-open`: one call finds out whether the provider is back. */
  readonly breaker: "closed" | "open" | "half-open";
  /** When an open one lets the next call through; null otherwise. */
  readonly untilMs: number | null;
  /** Since the last success, the latest few counted. */
  readonly failuresInARow: number;
  /** The rate of the settings, and the part of it at which the provider is asked as it is; null until somebody asked. */
  readonly permitsPerSecond: number | null;
  readonly pacePerSecond: number | null;
  /** Permits that lie ready, a fraction included. */
  readonly tokens: number;
  /** Permits given and not yet reported on. */
  readonly inFlight: number;
  /** The latest reports, oldest first. */
  readonly recent: readonly (Omit<GateReport, "provider"> & { readonly atMs: number })[];
}

// ─── Webhook endpoint ───────────────────────────────────────────────────────────────────────────────────────────────

/** Where a partner's events are sent. The secret is sealed as in `seal.ts`, for the name `endpointSeal(endpoint)`. */
export interface EndpointAddress {
  readonly endpoint: string;
  readonly url: string;
  readonly sealed: string;
}

/** An event as it is sent: `body` is the exact text that is signed, the same each time. */
export interface OutgoingEvent {
  /** `webhook-id`: the same however often, and from wherever, the event is sent. */
  readonly id: string;
  readonly type: string;
  /** When it happened. */
  readonly at: number;
  readonly body: string;
}

/** Events that came together; one `source` is taken once. */
export interface EventFeed {
  readonly source: string;
  readonly events: readonly OutgoingEvent[];
}

export type DisabledBy = "operator" | "gone";

export type HearReply =
  /** Kept, to be delivered; `pending` counts what is not delivered yet. What found no room is missed, and counted. */
  { readonly status: "heard"; readonly pending: number } | { readonly status: "disabled"; readonly by: DisabledBy; readonly atMs: number };

export type PingReply =
  | { readonly status: "answered"; readonly httpStatus: number; readonly tookMs: number }
  | { readonly status: "unanswered"; readonly reason: string }
  | { readonly status: "disabled" };

export interface EndpointReport {
  readonly state: "well" | "resting" | "disabled";
  /** When a resting endpoint is called again. */
  readonly restsUntilMs: number | null;
  /** Events never sent yet, and events that are to be sent again. */
  readonly waiting: number;
  readonly retrying: number;
  readonly delivered: number;
  /** Given up, or found no room: a replay of the time from the first to the last brings them back. */
  readonly missed: { readonly events: number; readonly firstAtMs: number; readonly lastAtMs: number } | null;
}

export const DELIVERY_STATES = ["waiting", "retrying", "delivered", "failed"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export interface DeliveryView {
  readonly id: string;
  readonly type: string;
  readonly state: DeliveryState;
  /** When it happened. */
  readonly atMs: number;
  readonly attempts: number;
  /** What came of the last attempt; null before the first. */
  readonly answer: string | null;
  /** When it was delivered or given up, or will be sent again; null while it waits for its turn. */
  readonly whenMs: number | null;
}

// ─── What each object answers over RPC ──────────────────────────────────────────────────────────────────────────────

export interface PrizePoolRpc {
  publish(rules: PublishedRules): Promise<PublishReply>;
  beginImport(upload: SegmentUpload): Promise<BeginImportReply>;
  stageStep(upload: SegmentUpload, step: ImportStep): Promise<StageStepReply>;
  checkCodes(upload: SegmentUpload): Promise<CheckCodesReply>;
  commitImport(manifest: ImportManifest): Promise<CommitImportReply>;
  /** Throws away what is staged: of these bytes, or, without an etag, of any. */
  abortImport(upload: Omit<SegmentUpload, "etag"> & { readonly etag: string | null }): Promise<void>;
  imports(campaign: string): Promise<readonly PoolImport[]>;
  lease(request: LeaseRequest): Promise<LeaseReply>;
  /** Takes stock back; returns the number of the last giveback taken. */
  giveBack(address: ShardAddress, givebacks: readonly Giveback[]): Promise<number>;
  changeStatus(campaign: string, verb: LifecycleVerb): Promise<LifecycleReply>;
  rules(campaign: string): Promise<CampaignRules | null>;
  stock(campaign: string): Promise<PoolStock | null>;
  fairness(campaign: string): Promise<readonly SegmentFairness[]>;
  /** The proof of the card at a position of a segment that was dealt. */
  proof(campaign: string, segment: string, position: number): Promise<ProofReply>;
}

export interface CardIssuerRpc {
  draw(call: DrawCall): Promise<DrawCallReply>;
  reveal(command: RevealCommand): Promise<CardReply>;
  redeem(command: RedeemCommand): Promise<CardReply>;
  void(command: VoidCommand): Promise<CardReply>;
  use(command: UseCommand): Promise<CardReply>;
  card(command: CardCommand): Promise<CardReply>;
  configure(address: ShardAddress, rules: CampaignRules): Promise<ShardMark>;
  acknowledge(address: ShardAddress, blocks: readonly number[]): Promise<void>;
  /** Sends blocks again, at once, that the ledger misses; gives the numbers of those that it still has. */
  resend(address: ShardAddress, blocks: readonly number[]): Promise<readonly number[]>;
  /** Takes a lease that it did not ask for; again, the same. */
  deliver(address: ShardAddress, lease: Lease): Promise<void>;
  surrender(command: SurrenderCommand): Promise<SurrenderReply>;
  tally(address: ShardAddress): Promise<ShardTally>;
  /** The next cards in the order of their issue, at most `MAX_HELD_CARDS`. */
  heldCards(request: HeldCardsRequest): Promise<HeldCards>;
  /** The cards of a request or a recipient, newest first, at most `MAX_FOUND_CARDS`. */
  findCards(request: FindCardsRequest): Promise<readonly FoundCard[]>;
}

export interface RewardGateRpc {
  acquire(request: PermitRequest): Promise<PermitReply>;
  report(report: GateReport): Promise<void>;
  state(): Promise<GateState>;
}

export interface WebhookEndpointRpc {
  /** Keeps events for delivery. Again with the same source: nothing new. */
  hear(address: EndpointAddress, feeds: readonly EventFeed[]): Promise<HearReply>;
  /** Sends one event now, past the queue. An endpoint that takes it is not left resting. */
  ping(address: EndpointAddress, event: OutgoingEvent): Promise<PingReply>;
  report(): Promise<EndpointReport>;
  /** The latest of one state, newest first. */
  deliveries(state: DeliveryState, limit: number): Promise<readonly DeliveryView[]>;
  /** Sends nothing from now on, and forgets what was to be sent. */
  disable(): Promise<void>;
}

/** Names of the objects: one pool a campaign, one issuer a shard, one gate a provider, one endpoint its own id. */
export function issuerName({ campaign, shard }: ShardAddress): string {
  return `${campaign}/${shard}`;
}

/** The name under which an endpoint's secret is sealed; no key id has a colon. */
export function endpointSeal(endpoint: string): string {
  return `endpoint:${endpoint}`;
}
