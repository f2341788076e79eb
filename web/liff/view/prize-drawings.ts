import type { PrizeKind } from "../../../durable-objects/protocol.ts";

/** Line drawings on a grid of 24. */
export const TICKET =
  "M3 8.5V6a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v2.5a3.5 3.5 0 0 0 0 7V18a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-2.5a3.5 3.5 0 0 0 0-7ZM14 8v1.5M14 11.3v1.5M14 14.6V16";
export const CLOVER =
  "M12 12.500c-4.5 1.5-7-.5-7-2.700C5 7.5 8.5 7 12 12.500ZM12 12.500c-1.5-4.5.5-7 2.7-7 2.3 0 2.8 3.5-2.7 7ZM12 12.500c4.5-.8 6.8 1.2 6.6 3.3-.2 2.2-3.8 2.4-6.6-3.300ZM12 12.500c.3 3.5-.5 6-2.5 8";
const BARCODE =
  "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M8 8.5v7M11 8.5v7M13.5 8.5v7M16 8.5v7";
const STICKER =
  "M20 12.5A8.5 8.5 0 1 0 11.5 20.500C13 20.5 20 14 20 12.500ZM20 12.500c-4.5-.5-8 3-8.5 8M8.5 9.500v.6M14 9.500v.6M8 13.500c1.2 1.6 3 2 4.5 1.4";
const GIFT =
  "M4.5 11.500V19a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1v-7.500M3.5 8h17v3.500h-17ZM12 8v12M12 8c-1.5 0-4.5-.4-4.5-2.600C7.5 3.5 10.5 3 12 8ZM12 8c1.5 0 4.5-.4 4.5-2.600C16.5 3.5 13.5 3 12 8Z";
const COIN = "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.300l1.5 3.1 3.4.5-2.5 2.3.6 3.4-3-1.6-3 1.6.6-3.4-2.5-2.3 3.4-.5Z";

export const PRIZE_DRAWINGS: Readonly<Record<PrizeKind, string>> = {
  none: CLOVER,
  coupon: TICKET,
  code: BARCODE,
  "line-sticker": STICKER,
  "line-coupon": TICKET,
  "line-message": GIFT,
  webhook: COIN,
};
