/** What a run came to. */
export interface Books {
  readonly cards: readonly string[];
  /** When each grant was made by the reward system, per card. */
  readonly grants: readonly { readonly cardId: string; readonly grantedAtMs: number }[];
  /** Rewards as the ledger has them. */
  readonly ledger: { readonly granted: number; readonly pending: number; readonly failed: number };
  readonly callsWhileDown: number;
  readonly maxPerSecond: number;
  readonly returnedAtMs: number;
}

export interface Bounds {
  readonly permitsPerSecond: number;
  /** Calls that may find out that the provider is down; null: it answers some, and nothing need wait for its return. */
  readonly maxCallsWhileDown: number | null;
  readonly maxSecondsAfterReturn: number;
}

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  /** From the provider's return to the last grant. */
  readonly grantedAfterReturnSeconds: number;
  /** Grants that had to wait for it; a run without any has shown nothing. */
  readonly waited: number;
  readonly faults: readonly string[];
}

/** Holds the books of a run against each other and against what was promised. */
export function judge({ cards, grants, ledger, callsWhileDown, maxPerSecond, returnedAtMs }: Books, bounds: Bounds): Verdict {
  const granted = Map.groupBy(grants, ({ cardId }) => cardId);
  const lost = cards.filter((card) => !granted.has(card)).length;
  const doubled = [...granted.values()].filter((ofCard) => ofCard.length > 1).length;
  const waited = grants.filter(({ grantedAtMs }) => grantedAtMs >= returnedAtMs).length;
  const latestMs = grants.reduce((latest, { grantedAtMs }) => Math.max(latest, grantedAtMs), returnedAtMs);
  const seconds = (latestMs - returnedAtMs) / 1_000;
  const { permitsPerSecond, maxCallsWhileDown, maxSecondsAfterReturn } = bounds;
  const faults = [
    lost === 0 ? null : `${lost} cards were won and not granted`,
    doubled === 0 ? null : `${doubled} cards were granted twice`,
    ledger.granted === cards.length
      ? null
      : `the ledger has ${ledger.granted} granted, ${ledger.pending} pending and ${ledger.failed} failed rewards of ${cards.length}`,
    maxCallsWhileDown === null || callsWhileDown <= maxCallsWhileDown
      ? null
      : `${callsWhileDown} calls reached the provider while it was down, ${maxCallsWhileDown} may`,
    maxPerSecond <= permitsPerSecond ? null : `${maxPerSecond} calls came within a second, ${permitsPerSecond} are permitted`,
    waited > 0 || maxCallsWhileDown === null ? null : "nothing waited for the provider: the run shows nothing",
    seconds <= maxSecondsAfterReturn ? null : `the last grant came ${seconds} s after the return, ${maxSecondsAfterReturn} s may pass`,
  ].filter((fault) => fault !== null);
  return { lost, doubled, grantedAfterReturnSeconds: seconds, waited, faults };
}
