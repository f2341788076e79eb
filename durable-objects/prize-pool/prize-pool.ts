import { bytesToHex } from "@noble/hashes/utils.js";
import { DurableObject } from "cloudflare:workers";
import { issuerName, PLAIN_SEGMENT } from "../protocol.ts";
import type {
  BeginImportReply,
  CampaignRules,
  CardIssuerRpc,
  CommitImportReply,
  Giveback,
  ImportManifest,
  LeaseReply,
  LeaseRequest,
  LifecycleReply,
  LifecycleVerb,
  ManifestEntry,
  PoolStock,
  PrizePoolRpc,
  ProofReply,
  PublishedRules,
  PublishReply,
  SegmentFairness,
  SegmentOptions,
  SegmentUpload,
  ShardAddress,
  StageCodesReply,
  StagedCodes,
} from "../protocol.ts";
import { MAX_PROVEN_CARDS } from "./deck-tree.ts";
import { commitDeck, mergeManifest, shuffleDeck } from "./deck.ts";
import { isWarmUp, nextAlarm, RETRY_MS } from "./alarm.ts";
import { countStock } from "./count-stock.ts";
import { gatherStock } from "./gather.ts";
import { grantLease, releaseMoments } from "./grant.ts";
import { changeRules, changeStatus } from "./lifecycle.ts";
import { drawMoments } from "./moments.ts";
import { pushRules } from "./push.ts";
import { SEED_BYTES } from "./seeds.ts";
import { RateWindow } from "./rate-window.ts";
import { PoolStorage } from "./storage.ts";
import type { SegmentRow } from "./storage.ts";
import { Trees } from "./trees.ts";

/** A proof costs about a millisecond, and leases go first. */
const MAX_PROOFS_PER_SECOND = 100;

/** A segment whose every code has been staged: what it will be made of, and what it replaces. */
interface StagedImport {
  readonly status: "staged";
  readonly staging: SegmentRow;
  readonly ready: SegmentRow | null;
  readonly manifest: readonly ManifestEntry[];
  readonly options: SegmentOptions;
}

/** One per campaign: owns the stock, and is the authority on the campaign's rules and status. */
export class PrizePool extends DurableObject<Env> implements PrizePoolRpc {
  readonly #storage: PoolStorage;
  readonly #trees: Trees;
  readonly #proofs = new RateWindow(MAX_PROOFS_PER_SECOND);
  /** Every card ever leased is known to be issued; forgotten with every change of the stock. */
  #allIssued = false;
  /** Counts leases, to notice one that was granted while the issuers were asked. */
  #grants = 0;
  #gathering: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#storage = new PoolStorage(ctx.storage);
    this.#trees = new Trees(ctx.storage, this.#storage);
  }

  /** Takes over the rules of a campaign file, and tells the issuers of a running campaign. */
  async publish(published: PublishedRules): Promise<PublishReply> {
    const change = this.ctx.storage.transactionSync(() => {
      const stocked = this.#storage.segments().flatMap(({ name, manifest }) => manifest.map(({ prize }) => ({ prize, segment: name })));
      const decided = changeRules(this.#storage.campaign()?.rules ?? null, published, stocked);
      if (decided.status === "changed") this.#storage.saveRules(decided.rules);
      return decided;
    });
    if (change.status === "prize_in_stock" || change.status === "segment_in_stock") return change;
    if (change.status === "changed" && change.rules.status !== "draft") await this.#push(change.rules);
    return { status: "published", rules: change.rules, changed: change.status === "changed" };
  }

  /**
   * Opens a place to stage a segment's codes. Imports of the same bytes share it, whether they run at once or one takes up what another left:
   * they stage the same codes from the same lines. What was staged of other bytes is thrown away.
   */
  async beginImport(upload: SegmentUpload): Promise<BeginImportReply> {
    return this.ctx.storage.transactionSync((): BeginImportReply => {
      const campaign = this.#storage.campaign();
      if (campaign === null) return { status: "campaign_unknown" };
      const ready = this.#storage.segmentByName(upload.segment, "ready");
      if (ready?.etag === upload.etag) return { status: "already_imported", cards: ready.size };
      if (ready !== null && campaign.rules.status !== "draft") return { status: "segment_immutable" };
      const staging = this.#storage.segmentByName(upload.segment, "staging");
      if (staging?.etag === upload.etag) return { status: "begun" };
      if (staging !== null) this.#storage.dropSegment(staging.segment);
      this.#storage.beginSegment(upload);
      return { status: "begun" };
    });
  }

  async stageCodes(upload: SegmentUpload, batches: readonly StagedCodes[]): Promise<StageCodesReply> {
    return this.ctx.storage.transactionSync((): StageCodesReply => {
      const staging = this.#staging(upload);
      if (staging === null) return { status: "no_import" };
      const replaced = this.#storage.segmentByName(upload.segment, "ready")?.segment ?? null;
      const duplicates = batches.flatMap((batch) => this.#storage.stageCodes(staging.segment, replaced, batch));
      if (duplicates.length === 0) return { status: "staged" };
      return { status: "duplicate_codes", duplicates: duplicates.map((line) => ({ line })) };
    });
  }

  /**
   * Shuffles the segment, makes the tree over its deck, and makes it stock, codes and all; in a draft it takes the place of what the file was before.
   * A commit that breaks off is taken up by the next one, of the same deck.
   */
  async commitImport(upload: ImportManifest): Promise<CommitImportReply> {
    const sealed = this.ctx.storage.transactionSync(() => this.#seal(upload));
    if (sealed.status !== "sealed") return sealed;
    await this.#trees.grow(sealed.segment);
    const reply = this.ctx.storage.transactionSync(() => this.#stock(upload));
    await this.#planAlarm();
    return reply;
  }

  #seal(upload: ImportManifest): CommitImportReply | { readonly status: "sealed"; readonly segment: number } {
    const checked = this.#checkCommit(upload);
    if (checked.status !== "staged") return checked;
    const { segment, size } = checked.staging;
    if (size === 0) {
      const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
      this.#storage.sealSegment(segment, { manifest: checked.manifest, deck: shuffleDeck(checked.manifest, seed), seed });
    }
    return { status: "sealed", segment };
  }

  #stock(upload: ImportManifest): CommitImportReply {
    const checked = this.#checkCommit(upload);
    if (checked.status !== "staged") return checked;
    const { staging, ready, options } = checked;
    const { manifest, seed, size } = staging;
    const { campaign, segment, opensAtMs, closesAtMs } = upload;
    const moments = options.moments === null ? null : drawMoments(seed, size, options.moments);
    const commitment = commitDeck({ campaign, segment, manifest, seed, options });
    this.#allIssued = false;
    if (ready !== null) this.#storage.dropSegment(ready.segment);
    this.#storage.readySegment(staging.segment, { commitment, options, moments, opensAtMs, closesAtMs });
    return { status: "imported", cards: size, commitment };
  }

  #checkCommit(upload: ImportManifest): CommitImportReply | StagedImport {
    const campaign = this.#storage.campaign();
    const ready = this.#storage.segmentByName(upload.segment, "ready");
    if (ready?.etag === upload.etag) return { status: "already_imported", cards: ready.size };
    if (ready !== null && campaign?.rules.status !== "draft") return { status: "segment_immutable" };
    const staging = this.#staging(upload);
    if (campaign === null || staging === null) return { status: "no_import" };
    const staged = this.#storage.stagedCounts(staging.segment);
    if (staged.reduce((sum, { quantity }) => sum + quantity, 0) !== upload.codes) return { status: "no_import" };
    const manifest = mergeManifest([...upload.entries, ...staged]);
    const unknown = manifest.find(({ prize }) => campaign.rules.prizes[prize] === undefined);
    if (unknown !== undefined) return { status: "unknown_prize", prize: unknown.prize };
    const options = campaign.rules.pools[upload.segment] ?? PLAIN_SEGMENT;
    if (options.repeat !== null && upload.codes > 0) return { status: "codes_repeat" };
    return { status: "staged", staging, ready, manifest, options };
  }

  async abortImport(upload: SegmentUpload): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      const staging = this.#staging(upload);
      if (staging !== null) this.#storage.dropSegment(staging.segment);
    });
  }

  /** The next run of stock. When nothing is left here, the issuers are asked first for what they hold and do not need. */
  async lease(request: LeaseRequest): Promise<LeaseReply> {
    const reply = this.#grant(request);
    if (reply.status !== "empty" || reply.reason !== "elsewhere") return reply;
    await (this.#gathering ??= this.#gather(reply.rules).finally(() => (this.#gathering = null)));
    return this.#grant(request);
  }

  async giveBack({ shard }: ShardAddress, givebacks: readonly Giveback[]): Promise<number> {
    return this.#takeGivebacks(shard, givebacks).giveback;
  }

  /** Opens, pauses, resumes or closes. `done` means that every issuer has taken it: after a pause, nothing issues. */
  async changeStatus(_campaign: string, verb: LifecycleVerb): Promise<LifecycleReply> {
    const decided = this.ctx.storage.transactionSync(() => {
      const campaign = this.#storage.campaign();
      if (campaign === null) return null;
      const hasStock = this.#storage.segments().length > 0;
      const change = changeStatus(campaign.rules, verb, hasStock);
      if (change.status === "changed") this.#storage.saveRules(change.rules);
      return { change, current: campaign.rules };
    });
    if (decided === null) return { status: "campaign_unknown" };
    const { change, current } = decided;
    if (change.status === "wrong_state") return { status: "wrong_state", current: current.status };
    if (change.status === "no_stock") return { status: "no_stock" };
    const rules = change.status === "changed" ? change.rules : current;
    const { reached, unreached } = await this.#push(rules);
    return unreached.length === 0 ? { status: "done", rules, shards: reached } : { status: "unreached", rules, shards: unreached };
  }

  async rules(_campaign: string): Promise<CampaignRules | null> {
    return this.#storage.campaign()?.rules ?? null;
  }

  async stock(_campaign: string): Promise<PoolStock | null> {
    const campaign = this.#storage.campaign();
    return campaign === null ? null : countStock(campaign.rules, this.#storage);
  }

  async fairness(_campaign: string): Promise<readonly SegmentFairness[]> {
    const closed = this.#storage.campaign()?.rules.status === "closed";
    return this.#storage.segments().map(({ segment, name, size, decks, commitment, seed, manifest, options }) => ({
      segment: name,
      size,
      decks,
      commitment,
      roots: this.#trees.roots(segment),
      opened: closed ? { seed: bytesToHex(seed), manifest, options } : null,
    }));
  }

  async proof(_campaign: string, name: string, position: number): Promise<ProofReply> {
    const segment = this.#storage.segmentByName(name, "ready");
    if (segment === null || position >= segment.next) throw new Error("a proof was asked for of a card that was not dealt");
    const { commitment } = segment;
    if (segment.size > MAX_PROVEN_CARDS) return { status: "commitment_only", commitment };
    const proof = this.#proofs.take(Date.now()) ? this.#trees.prove(segment, position) : null;
    if (proof === null) {
      this.#growTrees();
      return { status: "overloaded" };
    }
    return { status: "proven", commitment, proof };
  }

  /** Tells the issuers that have not heard yet, wakes all of them shortly before the start, and brings winning moments out. */
  override async alarm(): Promise<void> {
    const campaign = this.#storage.campaign();
    if (campaign === null) return;
    const { rules, pushedVersion } = campaign;
    const nowMs = Date.now();
    if (pushedVersion < rules.version || isWarmUp(rules, nowMs)) await this.#push(rules);
    this.ctx.storage.transactionSync(() => releaseMoments(this.#storage, { rules, nowMs, random: Math.random }));
    await this.#deliver(rules.campaign);
    this.#growTrees();
    await this.#planAlarm();
  }

  async #deliver(campaign: string): Promise<void> {
    for (const { shard, row } of this.#storage.deliveries()) {
      try {
        await this.#issuer(campaign, shard).deliver({ campaign, shard }, this.#storage.lease(row));
        this.#storage.delivered(row.lease);
        this.#allIssued = false;
      } catch (error) {
        console.error(JSON.stringify({ message: "a winning moment was not delivered yet", campaign, shard, error: String(error) }));
      }
    }
  }

  async #planAlarm(): Promise<void> {
    const campaign = this.#storage.campaign();
    const waiting = campaign !== null && (campaign.pushedVersion < campaign.rules.version || this.#storage.deliveries().length > 0);
    const atMs = campaign === null ? null : nextAlarm(campaign.rules, this.#storage.segments(), waiting, Date.now());
    if (atMs !== null) await this.ctx.storage.setAlarm(atMs);
  }

  #grant(request: LeaseRequest): LeaseReply {
    const reply = this.ctx.storage.transactionSync((): LeaseReply => {
      const campaign = this.#storage.campaign();
      if (campaign === null) return { status: "campaign_unknown" };
      const context = { rules: campaign.rules, nowMs: Date.now(), random: Math.random(), allIssued: this.#allIssued };
      return grantLease(this.#storage, request, context);
    });
    if (reply.status === "granted") {
      this.#grants += 1;
      this.#growTrees();
    }
    return reply;
  }

  /** A lease may have had another deck made. */
  #growTrees(): void {
    for (const segment of this.#trees.lacking()) this.ctx.waitUntil(this.#trees.grow(segment));
  }

  async #gather(rules: CampaignRules): Promise<void> {
    const grants = this.#grants;
    const { cards, settled } = await gatherStock(rules, {
      issuer: (shard) => this.#issuer(rules.campaign, shard),
      lastGivebacks: () => this.#storage.lastGivebacks(),
      lastRequests: () => this.#storage.lastRequests(),
      take: (shard, givebacks) => this.#takeGivebacks(shard, givebacks).cards,
    });
    const undelivered = this.#storage.deliveries().length > 0;
    this.#allIssued = settled && cards === 0 && this.#grants === grants && !undelivered;
  }

  #takeGivebacks(shard: number, givebacks: readonly Giveback[]) {
    return this.ctx.storage.transactionSync(() => {
      const taken = this.#storage.takeGivebacks(shard, givebacks);
      if (taken.cards > 0) this.#allIssued = false;
      return taken;
    });
  }

  /** The alarm is set before the first issuer is told, so that a crash half-way leaves nobody untold. */
  async #push(rules: CampaignRules): ReturnType<typeof pushRules> {
    await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
    const outcome = await pushRules(rules, (shard) => this.#issuer(rules.campaign, shard));
    if (outcome.unreached.length === 0 && rules.status !== "draft") this.#storage.markPushed(rules.version);
    await this.#planAlarm();
    return outcome;
  }

  #issuer(campaign: string, shard: number): CardIssuerRpc {
    return this.env.CARD_ISSUER.getByName(issuerName({ campaign, shard }));
  }

  #staging({ segment, etag }: SegmentUpload): SegmentRow | null {
    const staging = this.#storage.segmentByName(segment, "staging");
    return staging?.etag === etag ? staging : null;
  }
}
