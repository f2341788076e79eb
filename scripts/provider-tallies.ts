import type { AdminProviderReport } from "./admin-client.ts";

/** What a reconciliation found at one reward provider. */
export interface ProviderTally {
  readonly provider: string;
  readonly grants: number;
  readonly waiting: number;
  /** Rewards that were held, and that its list tells were granted. */
  readonly told: number;
  readonly differing: number;
  /** Why it was not compared, or not to its end; null: it was. */
  readonly left: { readonly status: "unlisted" | "unasked"; readonly reason: string } | null;
}

/** The steps' reports on reward providers, added up. */
export class ProviderTallies {
  readonly #byProvider = new Map<string, ProviderTally>();

  get all(): readonly ProviderTally[] {
    return [...this.#byProvider.values()];
  }

  /** `differing`: cards that the step found to differ. */
  add(report: AdminProviderReport, differing: number): void {
    const { provider } = report;
    const known = this.#byProvider.get(provider) ?? { provider, grants: 0, waiting: 0, told: 0, differing: 0, left: null };
    this.#byProvider.set(
      provider,
      report.status === "compared"
        ? {
            ...known,
            grants: known.grants + report.grants,
            waiting: known.waiting + report.waiting,
            told: known.told + report.told,
            differing: known.differing + differing,
          }
        : { ...known, left: { status: report.status, reason: report.reason } },
    );
  }

  /** Grants compared, and providers that have a list and could not be asked for it, or not for all of it. */
  sum(): { readonly grants: number; readonly unasked: number } {
    return {
      grants: this.all.reduce((total, { grants }) => total + grants, 0),
      unasked: this.all.filter(({ left }) => left?.status === "unasked").length,
    };
  }
}

/** A line for an operator. */
export function describeProvider({ provider, grants, waiting, told, differing, left }: ProviderTally): string {
  const onTheWay = waiting === 0 ? "" : `, ${waiting} on their way to the ledger`;
  const learnt = told === 0 ? "" : `, ${told} that were held are granted now, for it lists them`;
  const compared = `${grants} grants compared, ${differing} differ${onTheWay}${learnt}`;
  if (left === null) return `provider ${provider}: ${compared}`;
  return grants === 0
    ? `provider ${provider}: not compared: ${left.reason}`
    : `provider ${provider}: ${compared}; the rest not compared: ${left.reason}`;
}
