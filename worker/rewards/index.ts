import type { PrizeKind } from "../../durable-objects/protocol.ts";
import { lineCoupon } from "./line-coupon.ts";
import { lineMessage } from "./line-message.ts";
import { lineSticker } from "./line-sticker.ts";
import { LOCAL_PROVIDERS } from "./local.ts";
import type { RewardProvider } from "./provider.ts";
import { webhook } from "./webhook.ts";

/** Who hands over which kind of prize. */
export const PROVIDERS: Readonly<Record<PrizeKind, RewardProvider>> = {
  ...LOCAL_PROVIDERS,
  webhook,
  "line-sticker": lineSticker,
  "line-coupon": lineCoupon,
  "line-message": lineMessage,
};
