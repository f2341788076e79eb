import { createRoute, z } from "@hono/zod-openapi";
import type { GateState } from "../../durable-objects/protocol.ts";
import { instant } from "../cards/card.ts";
import { errorText } from "../error-text.ts";
import type { AdminEdge, App } from "../http/edge.ts";
import { ADMIN_SECURITY, answers, instantSchema, refusals } from "../http/openapi.ts";
import { rewardGate } from "../objects.ts";
import { allGates } from "../rewards/by-gate.ts";
import type { GateAddress } from "../rewards/provider.ts";
import { settings } from "../settings.ts";
import { withAnyRole } from "./with-role.ts";

const gateSchema = z
  .object({
    provider: z.string(),
    permitsPerSecond: z.number(),
    state: z
      .object({
        breaker: z.enum(["closed", "open", "half-open"]),
        openUntil: instantSchema.optional(),
        failuresInARow: z.int(),
        pacePerSecond: z.number().optional(),
        tokens: z.number(),
        inFlight: z.int(),
        recent: z.array(z.object({ at: instantSchema, succeeded: z.int(), failed: z.int(), retryAfterMs: z.number().optional() })),
      })
      .optional(),
  })
  .openapi("Gate");

const route = createRoute({
  method: "get",
  path: "/gates",
  tags: ["Admin"],
  summary: "The gates before the reward providers: whether each lets calls through, how fast, and how the latest went",
  security: ADMIN_SECURITY,
  middleware: withAnyRole,
  responses: {
    200: answers(
      z.object({ gates: z.array(gateSchema) }),
      "One for each provider of the settings and each of LINE's endpoints. `state` is absent where the gate did not answer; `pacePerSecond` is the part of " +
        "`permitsPerSecond` at which a provider is asked that fails now and then; a gate that slept knows no `recent` calls",
    ),
    ...refusals("access_token_invalid", "forbidden"),
  },
});

export function getGates(app: App<AdminEdge>): void {
  app.openapi(route, async (c) => {
    const gates = await Promise.all(allGates(settings(c.env)).map((gate) => shownGate(c.env, gate)));
    return c.json({ gates }, 200);
  });
}

async function shownGate(env: Env, { provider, limits }: GateAddress): Promise<z.output<typeof gateSchema>> {
  try {
    return { provider, ...limits, state: shownState(await rewardGate(env, provider).state()) };
  } catch (error) {
    console.error(JSON.stringify({ message: "a reward gate did not answer", provider, error: errorText(error) }));
    return { provider, ...limits };
  }
}

function shownState(state: GateState): NonNullable<z.output<typeof gateSchema>["state"]> {
  const { breaker, untilMs, failuresInARow, pacePerSecond, tokens, inFlight, recent } = state;
  return {
    breaker,
    ...(untilMs === null ? {} : { openUntil: instant(untilMs) }),
    failuresInARow,
    ...(pacePerSecond === null ? {} : { pacePerSecond }),
    tokens,
    inFlight,
    recent: recent.map(({ atMs, succeeded, failed, retryAfterMs }) => ({
      at: instant(atMs),
      succeeded,
      failed,
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
    })),
  };
}
