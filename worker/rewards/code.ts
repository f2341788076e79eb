import type { LocalProvider } from "./provider.ts";

/** The code was dealt with the card and stands in the reply to its redemption. */
export const code: LocalProvider = { reach: "local", grant: () => ({ outcome: "granted" }) };
