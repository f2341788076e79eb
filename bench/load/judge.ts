import type { AdminInvariants } from "../../scripts/admin-client.ts";
import type { LoadFigures } from "./tally.ts";

/** What a scenario has to keep; that nothing fails is a matter of course. */
export interface Bounds {
  readonly p99Ms: number;
  /** Whose latency is bound: those who came in this phase of the load. */
  readonly phase: string;
  /** Answers that are refused for load, of all. */
  readonly maxShedShare: number;
}

export type Verdict =
  | { readonly status: "held" }
  | { readonly status: "broken"; readonly faults: readonly string[] }
  /** The figures are the generator's own, and say nothing of the server. */
  | { readonly status: "refused"; readonly reason: string };

/** A generator that works nearly all the time could not have sent more. */
const MAX_BUSY = 0.9;
/** A tenth of the usual bound does not decide anything. */
const LAG_MS = 25;
/** Where latency is long, the generator's part of it has to be small. */
const MAX_LAG_SHARE = 0.2;

/** Holds a load's figures against its bounds. A generator that was late is told apart from a server that was slow. */
export function judgeLoad(figures: LoadFigures & { readonly busy: number }, bounds: Bounds): Verdict {
  const { visits, completed, overall, lag, busy, shed, requests, errors, doubled } = figures;
  if (busy > MAX_BUSY) return { status: "refused", reason: `the generator was busy for ${Math.round(busy * 100)} % of the time` };
  if (lag.p99Ms > LAG_MS && lag.p99Ms > overall.p99Ms * MAX_LAG_SHARE)
    return { status: "refused", reason: `the generator itself was ${lag.p99Ms.toFixed(0)} ms late (p99)` };
  const p99Ms = figures.phases[bounds.phase]?.p99Ms ?? Number.NaN;
  const shedShare = shedShareOf({ shed, requests });
  const faults = [
    ...Object.entries(errors).map(([error, times]) => `${times} × ${error}`),
    completed === visits || Object.keys(errors).length > 0 ? null : `${visits - completed} visits came to no end`,
    doubled === 0 ? null : `${doubled} cards were issued twice`,
    p99Ms <= bounds.p99Ms ? null : `p99 was ${p99Ms.toFixed(0)} ms, ${bounds.p99Ms} ms may be`,
    shedShare <= bounds.maxShedShare
      ? null
      : `${(shedShare * 100).toFixed(1)} % were refused for load, ${(bounds.maxShedShare * 100).toFixed(1)} % may be`,
  ].filter((fault) => fault !== null);
  return faults.length === 0 ? { status: "held" } : { status: "broken", faults };
}

/** Answers that were refused for load, of all. */
export function shedShareOf({ shed, requests }: Pick<LoadFigures, "shed" | "requests">): number {
  const refused = shed.calls + shed.partly;
  return refused === 0 ? 0 : refused / (refused + requests);
}

/** What the users of a campaign were told, and what there is when all has settled. */
export interface Books {
  readonly issued: ReadonlySet<string>;
  readonly redeemed: number;
  /** Calls without a good answer: of those nothing is known. */
  readonly unknown: number;
  readonly balance: Pick<AdminInvariants, "prizes" | "unsettled" | "differences">;
  /** Cards of the ledger, as often as each is in it. */
  readonly ledger: readonly string[];
}

/** What does not hold: a card that was promised and is not, or that is twice, and whatever pool, issuers and ledger do not agree on. */
export function judgeBooks({ issued, redeemed, unknown, balance, ledger }: Books): string[] {
  const there = new Set(ledger);
  const lost = [...issued].filter((card) => !there.has(card)).length;
  const surplus = [...there].filter((card) => !issued.has(card)).length;
  const { prizes, unsettled, differences } = balance;
  const oversold = prizes.filter(({ loaded, issued: given }) => given > loaded).map(({ prize }) => prize);
  const pending = prizes.reduce((sum, { rewards }) => sum + rewards.pending, 0);
  const failed = prizes.reduce((sum, { rewards }) => sum + rewards.failed, 0);
  const taken = prizes.reduce((sum, prize) => sum + prize.settledRedeemed, 0);
  return [
    lost === 0 ? null : `${lost} cards that were issued are not in the ledger`,
    surplus <= unknown ? null : `${surplus} cards are in the ledger that nobody was told of`,
    there.size === ledger.length ? null : `${ledger.length - there.size} cards are in the ledger twice`,
    oversold.length === 0 ? null : `more was issued than loaded of ${oversold.join(", ")}`,
    taken >= redeemed && taken <= redeemed + unknown ? null : `${redeemed} cards were redeemed, ${taken} are in the ledger`,
    unsettled.blocks + unsettled.events === 0 ? null : `${unsettled.blocks} blocks and ${unsettled.events} events have not settled`,
    pending === 0 ? null : `${pending} rewards are pending`,
    failed === 0 ? null : `${failed} rewards have failed`,
    ...differences,
  ].filter((fault) => fault !== null);
}

/** What there is of a campaign at a moment. */
export interface Look {
  readonly seconds: number;
  /** Resident memory of the server. */
  readonly rssMb: number;
  /** On their way from the issuers to the ledger. */
  readonly blocks: number;
  readonly events: number;
  readonly ledgerCards: number;
  readonly pendingRewards: number;
}

/** The last third of a soak may have so much more than the third before it; what grows evenly from nothing has 1.67 times as much. */
const MAX_GROWTH = 1.5;
/** What comes and goes is not taken for growth below this. */
const FEW = { rssMb: 512, blocks: 16, events: 2_000, pendingRewards: 200 } as const;

/** What grew all through a soak, and should not: memory, and what is on its way. */
export function judgeGrowth(looks: readonly Look[]): string[] {
  const third = Math.floor(looks.length / 3);
  if (third === 0) return [];
  return (Object.keys(FEW) as (keyof typeof FEW)[]).flatMap((what) => {
    const mean = (some: readonly Look[]) => some.reduce((sum, look) => sum + look[what], 0) / some.length;
    const [before, last] = [mean(looks.slice(-2 * third, -third)), mean(looks.slice(-third))];
    return last > FEW[what] && last > before * MAX_GROWTH ? [`${what} grew from ${before.toFixed(0)} to ${last.toFixed(0)}`] : [];
  });
}
