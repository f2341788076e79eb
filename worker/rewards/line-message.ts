import { lineMessageParams } from "../campaign/kind-params.ts";
import { lineGate } from "./line-call.ts";
import { pushToWinner } from "./line-push.ts";
import type { GrantDeps, GrantOutcome, ParamedReward, RemoteProvider } from "./provider.ts";
import { unusableParams } from "./unusable-params.ts";

/** Messages of the campaign's LINE account, which are the prize themselves. */
export const lineMessage: RemoteProvider = {
  reach: "remote",
  gate: ({ params }, settings) => (lineMessageParams.safeParse(params).success ? lineGate("push", settings) : unusableParams),
  grant,
};

async function grant(reward: ParamedReward, deps: GrantDeps): Promise<GrantOutcome> {
  const params = lineMessageParams.safeParse(reward.params);
  return params.success ? pushToWinner(reward, params.data.messages, deps) : unusableParams;
}
