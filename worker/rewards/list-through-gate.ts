import { listGrants } from "./list-grants.ts";
import type { ListOutcome, ListQuery } from "./list-grants.ts";
import { askForPermits, tellGate } from "./permits.ts";
import type { GateAccess } from "./permits.ts";
import type { GateAddress, GrantDeps } from "./provider.ts";

/** A gate that is awake and not closed gives a permit sooner. With the call's time-out below what an operator's client waits for a step. */
const PERMIT_TIMEOUT_MS = 4_000;
/** Not asked more often than this. */
const MIN_WAIT_MS = 10;

export interface ListPassage extends GateAccess {
  readonly gate: GateAddress;
  readonly listUrl: string;
  readonly deps: GrantDeps;
  readonly newId: () => string;
}

/** Asks a reward system for a page of its list, with a permit of its gate like any other call to it, and reports on it. */
export async function listThroughGate(query: ListQuery, passage: ListPassage): Promise<ListOutcome> {
  const { gate, listUrl, deps, newId } = passage;
  if (!(await isPermitted(passage))) return { outcome: "unlisted", reason: "its gate lets no call through", isDown: true };
  const listed = await listGrants(listUrl, query, newId(), deps);
  // A list that is no good is no reason to grant more slowly.
  const failed = listed.outcome === "unlisted" && listed.isDown;
  const retryAfterMs = listed.outcome === "unlisted" ? (listed.afterMs ?? null) : null;
  await tellGate(passage, { provider: gate.provider, succeeded: failed ? 0 : 1, failed: failed ? 1 : 0, retryAfterMs });
  return listed;
}

async function isPermitted(passage: ListPassage): Promise<boolean> {
  const { gate, deps, wait } = passage;
  const untilMs = deps.nowMs() + PERMIT_TIMEOUT_MS;
  for (;;) {
    const { permits, retryAfterMs } = await askForPermits(passage, { ...gate, want: 1 });
    if (permits > 0) return true;
    const waitMs = Math.max(MIN_WAIT_MS, retryAfterMs);
    if (deps.nowMs() + waitMs > untilMs) return false;
    await wait(waitMs);
  }
}
