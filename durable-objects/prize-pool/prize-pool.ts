import { bytesToHex } from "@noble/hashes/utils.js";
import { DurableObject } from "cloudflare:workers";
import { issuerName } from "../protocol.ts";
import type {
  BeginImportReply,
  CampaignRules,
  CardIssuerRpc,
  CheckCodesReply,
  CommitImportReply,
  Giveback,
  ImportManifest,
  ImportStep,
  LeaseReply,
  LeaseRequest,
  LifecycleReply,
  LifecycleVerb,
  PoolImport,
  PoolStock,
  PrizePoolRpc,
  ProofReply,
  PublishedRules,
  PublishReply,
  SegmentFairness,
  SegmentUpload,
  ShardAddress,
  StageStepReply,
} from "../protocol.ts";
import { MAX_PROVEN_CARDS } from "./deck-tree.ts";
import { isWarmUp, nextAlarm, RETRY_MS } from "./alarm.ts";
import { countStock } from "./count-stock.ts";
import { gatherStock } from "./gather.ts";
import { grantLease, releaseMoments } from "./grant.ts";
import { Imports } from "./import.ts";
import { changeRules, changeStatus } from "./lifecycle.ts";
import type { StockedSegment } from "./lifecycle.ts";
import { pushRules } from "./push.ts";
import { RateWindow } from "./rate-window.ts";
import { stockAnew } from "./stock-segment.ts";
import { PoolStorage } from "./storage.ts";
import type { SegmentRow } from "./storage.ts";
import { Trees } from "./trees.ts";

/** A proof costs about a millisecond, and leases go first. */
const MAX_PROOFS_PER_SECOND = 100;

/** One per campaign: owns the stock, and is the authority on the campaign's rules and status. */
export class PrizePool extends DurableObject<Env> implements PrizePoolRpc {
  readonly #storage: PoolStorage;
  readonly #trees: Trees;
  readonly #imports: Imports;
  readonly #proofs = new RateWindow(MAX_PROOFS_PER_SECOND);
  /** Every card ever leased is known to be issued; forgotten with every change of the stock. */
  #allIssued = false;
  /** Counts leases and what else changes the stock, to notice what happened while the issuers were asked. */
  #changes = 0;
  #gathering: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#storage = new PoolStorage(ctx.storage);
    this.#trees = new Trees(ctx.storage, this.#storage);
    this.#imports = new Imports(ctx.storage, this.#storage, {
      growTree: (segment) => this.#trees.grow(segment),
      stockChanged: () => this.#stockChanged(),
    });
  }

  /** Takes over the rules of a campaign file, and tells the issuers of a running campaign. */
  async publish(published: PublishedRules): Promise<PublishReply> {
    const change = this.ctx.storage.transactionSync(() => {
      const segments = this.#storage.segments();
      const decided = changeRules(this.#storage.campaign()?.rules ?? null, published, segments.map(this.#stocked));
      if (decided.status !== "changed") return decided;
      this.#storage.saveRules(decided.rules);
      if (decided.rules.status === "draft") for (const segment of segments) stockAnew(this.#storage, segment, decided.rules);
      return decided;
    });
    if (change.status !== "changed" && change.status !== "unchanged") return change;
    if (change.status === "changed" && change.rules.status !== "draft") await this.#push(change.rules);
    return { status: "published", rules: change.rules, changed: change.status === "changed" };
  }

  async beginImport(upload: SegmentUpload): Promise<BeginImportReply> {
    const reply = this.#imports.begin(upload, Date.now());
    await this.#planAlarm();
    return reply;
  }

  async stageStep(upload: SegmentUpload, step: ImportStep): Promise<StageStepReply> {
    return this.#imports.stage(upload, step, Date.now());
  }

  async checkCodes(upload: SegmentUpload): Promise<CheckCodesReply> {
    return this.#imports.check(upload, Date.now());
  }

  async commitImport(upload: ImportManifest): Promise<CommitImportReply> {
    const reply = await this.#imports.commit(upload);
    const renewed = reply.status === "imported" ? this.#renewRules() : null;
    if (renewed !== null) await this.#push(renewed);
    await this.#planAlarm();
    return reply;
  }

  async abortImport(upload: Omit<SegmentUpload, "etag"> & { readonly etag: string | null }): Promise<void> {
    this.#imports.abort(upload);
    await this.#planAlarm();
  }

  async imports(_campaign: string): Promise<readonly PoolImport[]> {
    return this.#imports.list();
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
      const change = changeStatus(campaign.rules, verb, { hasStock, nowMs: Date.now() });
      if (change.status === "changed") this.#storage.saveRules(change.rules);
      return { change, current: campaign.rules };
    });
    if (decided === null) return { status: "campaign_unknown" };
    const { change, current } = decided;
    if (change.status === "wrong_state") return { status: "wrong_state", current: current.status };
    if (change.status === "no_stock") return { status: "no_stock" };
    if (change.status === "ended") return { status: "ended", endsAtMs: current.endsAtMs };
    const rules = change.status === "changed" ? change.rules : current;
    const { reached, unreached } = await this.#push(rules);
    return unreached.length === 0 ? { status: "done", rules, shards: reached } : { status: "unreached", rules, shards: unreached };
  }

  async rules(_campaign: string): Promise<CampaignRules | null> {
    return this.#storage.campaign()?.rules ?? null;
  }

  async stock(_campaign: string): Promise<PoolStock | null> {
    const campaign = this.#storage.campaign();
    return campaign === null ? null : countStock(campaign.rules, this.#storage, Date.now());
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
    await this.#imports.clean(nowMs);
    await this.#planAlarm();
  }

  readonly #stocked = ({ segment, name, size, manifest, opensAtMs, closesAtMs }: SegmentRow): StockedSegment => {
    const hasCodes = this.#storage.codedPrizes(segment).size > 0;
    return { segment: name, cards: size, hasCodes, opensAtMs, closesAtMs, prizes: manifest.map(({ prize }) => prize) };
  };

  async #deliver(campaign: string): Promise<void> {
    for (const { shard, row } of this.#storage.deliveries()) {
      try {
        await this.#issuer(campaign, shard).deliver({ campaign, shard }, this.#storage.lease(row));
        this.#storage.delivered(row.lease);
        this.#stockChanged();
      } catch (error) {
        console.error(JSON.stringify({ message: "a winning moment was not delivered yet", campaign, shard, error: String(error) }));
      }
    }
  }

  async #planAlarm(): Promise<void> {
    const campaign = this.#storage.campaign();
    const waiting = campaign !== null && (campaign.pushedVersion < campaign.rules.version || this.#storage.deliveries().length > 0);
    const nowMs = Date.now();
    const dues = [
      campaign === null ? null : nextAlarm(campaign.rules, this.#storage.segments(), waiting, nowMs),
      this.#imports.nextCleaning(nowMs),
    ].filter((atMs) => atMs !== null);
    if (dues.length > 0) await this.ctx.storage.setAlarm(Math.min(...dues));
  }

  /** Gives the rules of a running campaign a new version, for issuers to forget what the pool told them before; null where there is nobody to tell. */
  #renewRules(): CampaignRules | null {
    return this.ctx.storage.transactionSync(() => {
      const rules = this.#storage.campaign()?.rules;
      if (rules === undefined || rules.status === "draft" || rules.status === "closed") return null;
      const renewed = { ...rules, version: rules.version + 1 };
      this.#storage.saveRules(renewed);
      return renewed;
    });
  }

  #grant(request: LeaseRequest): LeaseReply {
    const reply = this.ctx.storage.transactionSync((): LeaseReply => {
      const campaign = this.#storage.campaign();
      if (campaign === null) return { status: "campaign_unknown" };
      const context = { rules: campaign.rules, nowMs: Date.now(), random: Math.random(), allIssued: this.#allIssued };
      return grantLease(this.#storage, request, context);
    });
    if (reply.status === "granted") {
      this.#changes += 1;
      this.#growTrees();
    }
    return reply;
  }

  /** A lease may have had another deck made. */
  #growTrees(): void {
    for (const segment of this.#trees.lacking()) this.ctx.waitUntil(this.#trees.grow(segment));
  }

  /** Not every card that is out is known to be issued any more, nor by what is being asked at the moment. */
  #stockChanged(): void {
    this.#allIssued = false;
    this.#changes += 1;
  }

  async #gather(rules: CampaignRules): Promise<void> {
    const changes = this.#changes;
    const { cards, settled } = await gatherStock(rules, {
      issuer: (shard) => this.#issuer(rules.campaign, shard),
      lastGivebacks: () => this.#storage.lastGivebacks(),
      lastRequests: () => this.#storage.lastRequests(),
      take: (shard, givebacks) => this.#takeGivebacks(shard, givebacks).cards,
    });
    const undelivered = this.#storage.deliveries().length > 0;
    this.#allIssued = settled && cards === 0 && this.#changes === changes && !undelivered;
  }

  #takeGivebacks(shard: number, givebacks: readonly Giveback[]) {
    return this.ctx.storage.transactionSync(() => {
      const taken = this.#storage.takeGivebacks(shard, givebacks);
      if (taken.cards > 0) this.#stockChanged();
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
}
