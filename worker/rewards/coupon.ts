import type { LocalProvider } from "./provider.ts";

/** The card itself is the coupon; a store verifies and uses it by the card's id. */
export const coupon: LocalProvider = { reach: "local", grant: () => ({ outcome: "granted" }) };
