import type { Retry } from "./provider.ts";

/** Of a prize whose params are not what its kind takes: its rewards wait until the campaign's file says better. */
export const unusableParams: Retry = { outcome: "retry", reason: "the params of the prize are not what its kind takes" };
