import type { PrizeKind } from "../../durable-objects/protocol.ts";
import { LOCAL_PROVIDERS } from "./local.ts";
import type { RewardProvider } from "./provider.ts";
import { webhook } from "./webhook.ts";

/** Who hands over which kind of prize; null: nobody yet, and the reward waits. */
export const PROVIDERS: Readonly<Record<PrizeKind, RewardProvider | null>> = {
  ...LOCAL_PROVIDERS,
  webhook,
  "line-sticker": null,
  "line-coupon": null,
  "line-message": null,
};
