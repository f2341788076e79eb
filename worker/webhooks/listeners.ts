import { and, eq, isNull } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { DisabledBy, EndpointAddress } from "../../durable-objects/protocol.ts";
import { errorText } from "../error-text.ts";
import { partners, webhookEndpoints } from "../ledger/schema.ts";
import { Memo } from "../memo.ts";
import { within } from "../within.ts";

/** A live endpoint, and what its partner may and wants to be told of. */
export interface Listener extends EndpointAddress {
  /** Campaign ids; `*` stands for all. */
  readonly campaigns: ReadonlySet<string>;
  /** Null: all. */
  readonly types: ReadonlySet<string> | null;
}

export function mayHear({ campaigns }: Pick<Listener, "campaigns">, campaign: string): boolean {
  return campaigns.has(campaign) || campaigns.has("*");
}

export function wants({ types }: Pick<Listener, "types">, type: string): boolean {
  return types === null || types.has(type);
}

/** The live endpoints as D1 has them now. */
export async function loadListeners(env: Pick<Env, "LEDGER">): Promise<Listener[]> {
  const { endpoint, url, sealed, types } = webhookEndpoints;
  const rows = await drizzle(env.LEDGER)
    .select({ endpoint, url, sealed, types, campaigns: partners.campaigns })
    .from(webhookEndpoints)
    .innerJoin(partners, eq(partners.partner, webhookEndpoints.partner))
    .where(isNull(webhookEndpoints.disabledAt));
  return rows.map((row) => ({
    ...row,
    campaigns: new Set(JSON.parse(row.campaigns) as string[]),
    types: row.types === null ? null : new Set(JSON.parse(row.types) as string[]),
  }));
}

/** How long the settling isolates go by the endpoints they know: one read of D1 in this time, so that campaigns nobody listens to cost nothing more. */
const REMEMBERED_MS = 5_000;
const ALL = "all";
const remembered = new Memo<readonly Listener[]>(2);

/** The register is away if it takes longer: what has settled in other ledgers does not wait for it. */
const REGISTER_ANSWER_MS = 2_000;

/** Whether anybody listens for one of these types, as known to this isolate; where that cannot be learned, somebody may: a row that nobody is told of is dropped. */
export async function isHeard(env: Pick<Env, "LEDGER">, campaign: string, types: readonly string[]): Promise<boolean> {
  const nowMs = Date.now();
  const listeners = remembered.get(ALL, nowMs) ?? (await knownListeners(env, nowMs));
  if (listeners === null) return true;
  return listeners.some((listener) => mayHear(listener, campaign) && types.some((type) => wants(listener, type)));
}

async function knownListeners(env: Pick<Env, "LEDGER">, nowMs: number): Promise<readonly Listener[] | null> {
  try {
    return remembered.set(ALL, await within(REGISTER_ANSWER_MS, loadListeners(env)), nowMs + REMEMBERED_MS);
  } catch (error) {
    console.warn(JSON.stringify({ message: "it is not known who listens", error: errorText(error) }));
    return null;
  }
}

/** After a change of the endpoints: the other isolates follow within seconds. */
export function forgetListeners(): void {
  remembered.set(ALL, [], 0);
}

/** Keeps that an endpoint is no more to be told of anything; one that is disabled already stays as it is. */
export async function recordDisabled(env: Pick<Env, "LEDGER">, endpoint: string, by: DisabledBy, atMs: number): Promise<void> {
  await drizzle(env.LEDGER)
    .update(webhookEndpoints)
    .set({ disabledAt: atMs, disabledBy: by })
    .where(and(eq(webhookEndpoints.endpoint, endpoint), isNull(webhookEndpoints.disabledAt)));
  forgetListeners();
}
