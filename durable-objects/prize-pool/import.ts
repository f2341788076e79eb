import { DIGEST_PARTS, ENTRY_WORDS } from "../code-digests.ts";
import { PLAIN_SEGMENT } from "../protocol.ts";
import type {
  BeginImportReply,
  CampaignRules,
  CheckCodesReply,
  CommitImportReply,
  DuplicateCode,
  ImportManifest,
  ImportStep,
  ManifestEntry,
  PoolImport,
  SegmentUpload,
  StageStepReply,
} from "../protocol.ts";
import { mergeManifest, shuffleDeckSlowly } from "./deck.ts";
import { findDuplicates } from "./duplicates.ts";
import { ImportStorage } from "./import-storage.ts";
import type { CodeCheck, ImportRow } from "./import-storage.ts";
import { pause } from "./pause.ts";
import { SEED_BYTES } from "./seeds.ts";
import { stockSegment } from "./stock-segment.ts";
import type { PoolStorage } from "./storage.ts";

/** Digests looked at in one call, or those of one part if they are more: some milliseconds, in which nobody is dealt anything. */
const MAX_CHECKED_DIGESTS_PER_CALL = 50_000;
/** Duplicates of a file that are named; of more, their number is told. */
const MAX_NAMED_DUPLICATES = 1_000;
/** Rows of a deck stored in one transaction: 1 MB, some milliseconds. */
const DECK_CHUNKS_PER_TRANSACTION = 8;
/** Steps of a cleaning in one alarm: about a second with their pauses, so that no winning moment waits longer for its alarm. */
const SWEEPS_PER_ALARM = 10;
/** Between two of them others are dealt to. */
const SWEEP_PAUSE_MS = 50;
/** An import that has rested so long was given up: an importer takes one up again within minutes. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

export interface ImportDeps {
  /** Makes the tree over a segment's deck. */
  readonly growTree: (segment: number) => Promise<void>;
  /** Told in the transaction that changes the stock. */
  readonly stockChanged: () => void;
}

interface Plan {
  readonly status: "planned";
  readonly staging: ImportRow;
  /** The segment of this name that is stock: the new one takes its place. */
  readonly replaced: number | null;
  readonly manifest: readonly ManifestEntry[];
  readonly rules: CampaignRules;
}

/**
 * Brings files into the pool, in steps so short that dealing goes on between them. What a step has stored stays, whatever dies after it; until the last
 * one nothing of the file is stock.
 */
export class Imports {
  readonly #transaction: <T>(work: () => T) => T;
  readonly #pool: PoolStorage;
  readonly #imports: ImportStorage;
  readonly #deps: ImportDeps;
  /** One deck is shuffled at a time: two of the largest are a third of the object's memory. */
  #committing: Promise<unknown> = Promise.resolve();

  constructor(storage: DurableObjectStorage, pool: PoolStorage, deps: ImportDeps) {
    this.#transaction = (work) => storage.transactionSync(work);
    this.#pool = pool;
    this.#imports = new ImportStorage(storage.sql);
    this.#deps = deps;
  }

  /**
   * Opens a place to stage a file, or finds the one there is. Imports of the same bytes share it, whether they run at once or one takes up what another
   * left. What was staged of other bytes is thrown away.
   */
  begin(upload: SegmentUpload, nowMs: number): BeginImportReply {
    return this.#transaction((): BeginImportReply => {
      const campaign = this.#pool.campaign();
      if (campaign === null) return { status: "campaign_unknown" };
      const ready = this.#pool.segmentByName(upload.segment, "ready");
      if (ready?.etag === upload.etag) return { status: "already_imported", cards: ready.size };
      if (ready !== null && campaign.rules.status !== "draft") return { status: "segment_immutable" };
      const staging = this.#imports.find(upload.segment);
      if (staging?.etag === upload.etag) return { status: "begun", step: staging.step, state: staging.state };
      if (staging !== null) this.#imports.drop(staging.segment);
      this.#imports.begin(upload, nowMs);
      return { status: "begun", step: 0, state: null };
    });
  }

  /** Stores the next step. Of several importers that bring the same one, the first is heard. */
  stage(upload: SegmentUpload, step: ImportStep, nowMs: number): StageStepReply {
    return this.#transaction((): StageStepReply => {
      const staging = this.#staging(upload);
      if (staging === null || step.step > staging.step) return { status: "no_import" };
      if (step.step < staging.step) return { status: "done_by_another" };
      this.#imports.addStep(staging.segment, step, nowMs);
      return { status: "staged" };
    });
  }

  /** Compares some more of the staged codes with each other and with the stock. Whatever has come into stock meanwhile, they begin anew with. */
  check(upload: SegmentUpload, nowMs: number): CheckCodesReply {
    return this.#transaction((): CheckCodesReply => {
      const staging = this.#staging(upload);
      if (staging === null) return { status: "no_import" };
      if (this.#imports.digestOldCodes()) return { status: "checking" };
      const check = this.#checkOn(staging, upload.segment);
      this.#imports.saveCheck(staging.segment, check, nowMs);
      if (check.checkedParts < DIGEST_PARTS) return { status: "checking" };
      return { status: "checked", duplicates: check.duplicates, more: check.moreDuplicates };
    });
  }

  #checkOn(staging: ImportRow, name: string): CodeCheck {
    const others = this.#imports.stockWithCodes(name);
    const checkedAgainst = others.map(({ segment }) => segment).join();
    const known = staging.checkedAgainst === checkedAgainst;
    let checkedParts = known ? staging.checkedParts : 0;
    const found: DuplicateCode[] = known ? [...staging.duplicates] : [];
    let more = known ? staging.moreDuplicates : 0;
    for (let digests = 0; checkedParts < DIGEST_PARTS && digests < MAX_CHECKED_DIGESTS_PER_CALL; checkedParts++) {
      const part = checkedParts;
      const own = this.#imports.digests(staging.segment, part);
      if (own.length === 0) continue;
      const theirs = others.map(({ segment }) => this.#imports.digests(segment, part));
      for (const { line, other, firstLine } of findDuplicates(own, theirs)) {
        if (found.length < MAX_NAMED_DUPLICATES)
          found.push({ line, segment: other === null ? null : (others[other]?.name ?? ""), firstLine });
        else more += 1;
      }
      digests += theirs.reduce((words, { length }) => words + length, own.length) / ENTRY_WORDS;
    }
    return { checkedParts, checkedAgainst, duplicates: found, moreDuplicates: more };
  }

  /**
   * Shuffles the segment, makes the tree over its deck, and makes it stock, codes and all; in a draft it takes the place of what the file was before. All
   * that takes long is done with pauses; the moment in which it becomes stock is one transaction. A commit that breaks off is taken up by the next one, of
   * the same deck.
   */
  async commit(upload: ImportManifest): Promise<CommitImportReply> {
    const reply = this.#committing.then(() => this.#commit(upload));
    this.#committing = reply.catch(() => {});
    return reply;
  }

  async #commit(upload: ImportManifest): Promise<CommitImportReply> {
    const plan = this.#plan(upload);
    if (plan.status !== "planned") return plan;
    if (plan.staging.size === 0) await this.#seal(plan);
    await this.#deps.growTree(plan.staging.segment);
    return this.#transaction(() => this.#stock(upload));
  }

  async #seal({ staging: { segment }, manifest }: Plan): Promise<void> {
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    const deck = await shuffleDeckSlowly(manifest, seed, pause);
    for (let first = 0; this.#storeChunks(segment, deck, first); first += DECK_CHUNKS_PER_TRANSACTION) await pause();
    this.#transaction(() => {
      if (this.#imports.exists(segment)) this.#pool.sealSegment(segment, { manifest, size: deck.length, seed });
    });
  }

  /** False: the deck has no such rows, and the one before was the last; or the import was dropped meanwhile. */
  #storeChunks(segment: number, deck: Uint16Array, first: number): boolean {
    return this.#transaction(() => {
      const last = first + DECK_CHUNKS_PER_TRANSACTION - 1;
      return this.#imports.exists(segment) && this.#pool.storeDeckChunks(segment, 0, deck, { first, last });
    });
  }

  #stock(upload: ImportManifest): CommitImportReply {
    const plan = this.#plan(upload);
    if (plan.status !== "planned") return plan;
    const sealed = this.#pool.segment(plan.staging.segment);
    // Other bytes, and these again, came in between.
    if (sealed.size === 0) return { status: "no_import" };
    const { replaced, rules } = plan;
    if (replaced !== null) this.#imports.drop(replaced);
    const commitment = stockSegment(this.#pool, sealed, rules, upload);
    this.#imports.finish(sealed.segment);
    this.#deps.stockChanged();
    return { status: "imported", cards: sealed.size, commitment };
  }

  /** What a commit would do now, or why it may not. */
  #plan(upload: ImportManifest): Plan | Exclude<CommitImportReply, { status: "imported" }> {
    const campaign = this.#pool.campaign();
    const ready = this.#pool.segmentByName(upload.segment, "ready");
    if (ready?.etag === upload.etag) return { status: "already_imported", cards: ready.size };
    if (ready !== null && campaign?.rules.status !== "draft") return { status: "segment_immutable" };
    const staging = this.#staging(upload);
    if (campaign === null || staging === null) return { status: "no_import" };
    const staged = this.#imports.stagedCounts(staging.segment);
    if (staged.reduce((sum, { quantity }) => sum + quantity, 0) !== upload.codes) return { status: "no_import" };
    const manifest = mergeManifest([...upload.entries, ...staged]);
    const unknown = manifest.find(({ prize }) => campaign.rules.prizes[prize] === undefined);
    if (unknown !== undefined) return { status: "unknown_prize", prize: unknown.prize };
    const { repeat } = campaign.rules.pools[upload.segment] ?? PLAIN_SEGMENT;
    if (repeat !== null && upload.codes > 0) return { status: "codes_repeat" };
    if (upload.codes > 0 && !this.#isChecked(staging, upload.segment)) return { status: "unchecked" };
    return { status: "planned", staging, replaced: ready?.segment ?? null, manifest, rules: campaign.rules };
  }

  /** All codes of the import are compared with each other and with what is in stock now, and none stands there twice. */
  #isChecked({ checkedParts, checkedAgainst, duplicates }: ImportRow, name: string): boolean {
    const against = this.#imports
      .stockWithCodes(name)
      .map(({ segment }) => segment)
      .join();
    return checkedParts === DIGEST_PARTS && checkedAgainst === against && duplicates.length === 0;
  }

  abort({ segment, etag }: { readonly segment: string; readonly etag: string | null }): void {
    this.#transaction(() => {
      const staging = this.#imports.find(segment);
      if (staging !== null && (etag === null || staging.etag === etag)) this.#imports.drop(staging.segment);
    });
  }

  list(): PoolImport[] {
    return this.#imports.list();
  }

  /** When there is something to clean up; null: never. */
  nextCleaning(nowMs: number): number | null {
    if (this.#imports.hasDropped()) return nowMs + SWEEP_PAUSE_MS;
    const touchedAtMs = this.#imports.oldestTouch();
    return touchedAtMs === null ? null : touchedAtMs + ABANDONED_AFTER_MS;
  }

  /** Drops what was given up, and deletes some of what was dropped. */
  async clean(nowMs: number): Promise<void> {
    this.#transaction(() => {
      for (const segment of this.#imports.untouchedSince(nowMs - ABANDONED_AFTER_MS)) this.#imports.drop(segment);
    });
    for (let step = 0; step < SWEEPS_PER_ALARM && this.#transaction(() => this.#imports.sweep()); step++) await pause(SWEEP_PAUSE_MS);
  }

  #staging({ segment, etag }: SegmentUpload): ImportRow | null {
    const staging = this.#imports.find(segment);
    return staging?.etag === etag ? staging : null;
  }
}
