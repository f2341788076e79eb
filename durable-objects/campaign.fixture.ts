import { env } from "cloudflare:workers";
import { drawBy } from "./draw-columns.ts";
import { packCodes } from "./code-digests.ts";
import { issuerName } from "./protocol.ts";
import type { CardIssuerRpc, Draw, DrawResult, ImportStep, PrizePoolRpc, PublishedRules, SegmentUpload } from "./protocol.ts";

/** Campaigns for tests in the real runtime. Storage is shared within a file: every campaign has its own id. */

let campaigns = 0;

export interface TestCampaign {
  readonly id: string;
  readonly rules: PublishedRules;
  pool(): PrizePoolRpc;
  issuer(shard?: number): CardIssuerRpc;
  issuerStub(shard?: number): DurableObjectStub;
  poolStub(): DurableObjectStub;
  load(segment: string, entries: Readonly<Record<string, number>>): Promise<void>;
  /** Brings an import as far as can be without its commit: codes of the prize `code`, from line 2 on. */
  stage(upload: SegmentUpload, codes: readonly string[]): Promise<void>;
  draw(draws: readonly Draw[], shard?: number): Promise<readonly DrawResult[]>;
}

export function drawOf(requestId: string, over: Partial<Draw> = {}): Draw {
  return { requestId, recipient: null, lineUserId: null, metadata: null, ...over };
}

/** The step of an import that brings codes of the prize `code`, the first of them from line `line`. */
export function codesStep(step: number, codes: readonly string[], line: number): ImportStep {
  const progress = { bytes: 100, bytesRead: 10 * (step + 1), rows: line + codes.length - 2, codes: line + codes.length - 2 };
  return { step, state: `after ${step}`, progress, ...packCodes(codes.map((code, i) => ({ prize: "code", code, line: line + i }))) };
}

export async function publishCampaign(over: Partial<PublishedRules> = {}): Promise<TestCampaign> {
  campaigns += 1;
  const id = `test-${campaigns}`;
  const rules: PublishedRules = {
    campaign: id,
    shards: 1,
    ledgers: 1,
    startsAtMs: Date.now() - 60_000,
    endsAtMs: Date.now() + 3_600_000,
    cardTtlMs: 3_600_000,
    timezone: "Asia/Taipei",
    limits: { perRecipient: null, perRecipientPerDay: null },
    autoRedeem: false,
    returnStock: { onVoid: false, onExpiry: false },
    fallback: null,
    prizes: { coupon: "coupon", code: "code", points: "webhook", thanks: "none" },
    pools: {},
    ...over,
  };
  const poolStub = () => env.PRIZE_POOL.getByName(id);
  const issuerStub = (shard = 0) => env.CARD_ISSUER.getByName(issuerName({ campaign: id, shard }));
  const campaign: TestCampaign = {
    id,
    rules,
    pool: () => poolStub(),
    poolStub,
    issuer: (shard) => issuerStub(shard),
    issuerStub,
    async load(segment, entries) {
      const upload = { campaign: id, segment, etag: `etag of ${segment}` };
      await campaign.pool().beginImport(upload);
      const manifest = Object.entries(entries).map(([prize, quantity]) => ({ prize, quantity }));
      await campaign.pool().commitImport({ ...upload, entries: manifest, codes: 0, opensAtMs: null, closesAtMs: null });
    },
    async stage(upload, codes) {
      await campaign.pool().beginImport(upload);
      await campaign.pool().stageStep(upload, codesStep(0, codes, 2));
      while ((await campaign.pool().checkCodes(upload)).status === "checking");
    },
    async draw(draws, shard = 0) {
      const reply = await drawBy(campaign.issuer(shard), { campaign: id, shard, shards: rules.shards, draws });
      if (reply.status !== "done") throw new Error(`the draw was ${reply.status}`);
      return reply.results;
    },
  };
  await campaign.pool().publish(rules);
  return campaign;
}

/** A published, loaded and opened campaign. */
export async function openCampaign(stock: Readonly<Record<string, number>>, over: Partial<PublishedRules> = {}): Promise<TestCampaign> {
  const campaign = await publishCampaign(over);
  await campaign.load("first.csv", stock);
  const opened = await campaign.pool().changeStatus(campaign.id, "open");
  if (opened.status !== "done") throw new Error(`opening was ${opened.status}`);
  return campaign;
}
