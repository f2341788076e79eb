import type { LocalProvider } from "./provider.ts";

/** Nothing is owed. */
export const none: LocalProvider = { reach: "local", grant: () => ({ outcome: "granted" }) };
