import { lineCouponParams } from "../campaign/kind-params.ts";
import { lineGate } from "./line-call.ts";
import { pushToWinner } from "./line-push.ts";
import type { GrantDeps, GrantOutcome, ParamedReward, RemoteProvider } from "./provider.ts";
import { unusableParams } from "./unusable-params.ts";

/** A coupon that was made at LINE, brought by a message: https://developers.line.biz/en/reference/messaging-api/#coupon-message. Shown twice it is the same coupon. */
export const lineCoupon: RemoteProvider = {
  reach: "remote",
  gate: ({ params }, settings) => (lineCouponParams.safeParse(params).success ? lineGate("push", settings) : unusableParams),
  grant,
};

async function grant(reward: ParamedReward, deps: GrantDeps): Promise<GrantOutcome> {
  const params = lineCouponParams.safeParse(reward.params);
  return params.success ? pushToWinner(reward, [{ type: "coupon", ...params.data }], deps) : unusableParams;
}
