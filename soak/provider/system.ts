import { callJson } from "../../scripts/api-call.ts";
import { grantsOf } from "../../scripts/sandbox-grants.ts";
import type { Books } from "./judge.ts";

/** Kinds of prize that a system outside hands over. */
export const REMOTE_KINDS = ["webhook", "line-sticker", "line-coupon", "line-message"] as const;
export type RemoteKind = (typeof REMOTE_KINDS)[number];

const PARAMS: Readonly<Record<RemoteKind, object>> = {
  webhook: { provider: "points", points: 10 },
  "line-sticker": { productId: "12345" },
  "line-coupon": { couponId: "01JYNW8JMQVFBNWF1APF8Z3FS7" },
  "line-message": { messages: [{ type: "text", text: "You won" }] },
};

export interface Rate {
  readonly whileFaulty: number;
  readonly peakInAnySecond: number;
}

/** The stand-in that hands prizes of one kind over, as the sandbox shows it. */
export interface RewardSystem {
  /** What `POST /sandbox/faults` calls it. */
  readonly target: "rewards" | "line";
  readonly params: object;
  /** What was handed over, to whom; `cardOf` says which card a LINE user played. */
  grants(sandboxOrigin: string, campaign: string, cardOf: ReadonlyMap<string, string>): Promise<Books["grants"]>;
  rate(sandboxOrigin: string): Promise<Rate>;
}

export function systemOf(kind: RemoteKind): RewardSystem {
  const params = PARAMS[kind];
  if (kind === "webhook") return { target: "rewards", params, grants: webhookGrants, rate: webhookRate };
  const endpoint = kind === "line-sticker" ? "mission" : "push";
  return {
    target: "line",
    params,
    grants: (sandboxOrigin, _, cardOf) => lineGrants(sandboxOrigin, cardOf),
    rate: async (sandboxOrigin) =>
      (await callJson<{ endpoints: Record<typeof endpoint, Rate> }>(`${sandboxOrigin}/sandbox/line/rate`)).endpoints[endpoint],
  };
}

async function webhookGrants(sandboxOrigin: string, campaign: string): Promise<Books["grants"]> {
  const grants = await grantsOf(sandboxOrigin, campaign);
  return grants.map(({ cardId, grantedAt }) => ({ cardId, grantedAtMs: Date.parse(grantedAt) }));
}

async function webhookRate(sandboxOrigin: string): Promise<Rate> {
  const url = `${sandboxOrigin}/sandbox/rewards/rate?provider=points`;
  return (await callJson<{ providers: { points: Rate } }>(url)).providers.points;
}

interface Delivery {
  readonly at: string;
  readonly body: { readonly to: string };
}

/** A push that was made twice is there twice; a sticker set that was given twice is held once. */
async function lineGrants(sandboxOrigin: string, cardOf: ReadonlyMap<string, string>): Promise<Books["grants"]> {
  const { pushes, missions } = await callJson<Record<"pushes" | "missions", readonly Delivery[]>>(`${sandboxOrigin}/sandbox/line`);
  return [...pushes, ...missions].map(({ at, body }) => ({ cardId: cardOf.get(body.to) ?? body.to, grantedAtMs: Date.parse(at) }));
}
