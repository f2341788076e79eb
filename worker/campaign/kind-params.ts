import { z } from "zod";
import type { PrizeKind } from "../../durable-objects/protocol.ts";

/** LINE takes so many message objects in one push: https://developers.line.biz/en/reference/messaging-api/#send-push-message */
const MAX_MESSAGES = 5;
const MAX_TEXT_LENGTH = 5_000;
const MAX_ALT_TEXT_LENGTH = 1_500;
const MAX_DELIVERY_TAG_LENGTH = 30;

const https = z.url({ protocol: /^https$/, error: "must be an https address" }).max(2_000);
const altText = z.string().min(1).max(MAX_ALT_TEXT_LENGTH);

/** The kinds of message that a prize may be, with what LINE cannot do without; the rest is LINE's own to check. */
const lineMessage = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string().min(1).max(MAX_TEXT_LENGTH) }),
  z.looseObject({ type: z.literal("sticker"), packageId: z.string().min(1), stickerId: z.string().min(1) }),
  z.looseObject({ type: z.literal("image"), originalContentUrl: https, previewImageUrl: https }),
  z.looseObject({ type: z.literal("flex"), altText, contents: z.looseObject({ type: z.string() }) }),
  z.looseObject({ type: z.literal("template"), altText, template: z.looseObject({ type: z.string() }) }),
]);

/** A webhook prize: who grants it; everything else is the provider's own. */
const webhookParams = z.looseObject({ provider: z.string().min(1) });

/** A sticker set that LINE has registered for the channel's missions. */
export const lineStickerParams = z.strictObject({
  productId: z.string().regex(/^\d{1,20}$/, "must be the package id of a sticker set: digits, as a text"),
});

/** A coupon that was made at LINE, and where its use is counted in LINE's own statistics. */
export const lineCouponParams = z.strictObject({
  couponId: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, "must be the id that LINE gave the coupon"),
  deliveryTag: z.string().min(1).max(MAX_DELIVERY_TAG_LENGTH).optional(),
});

/** What the winner is sent. */
export const lineMessageParams = z.strictObject({ messages: z.array(lineMessage).min(1).max(MAX_MESSAGES) });

/** What the params of each kind's prizes must be. Those of the kinds that Kuji hands over itself are nobody's. */
export const KIND_PARAMS: Readonly<Partial<Record<PrizeKind, z.ZodType>>> = {
  webhook: webhookParams,
  "line-sticker": lineStickerParams,
  "line-coupon": lineCouponParams,
  "line-message": lineMessageParams,
};
