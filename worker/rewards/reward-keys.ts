import { sql } from "drizzle-orm";
import type { RewardRef } from "./message.ts";

/** A query of campaign and card of each of these rewards: what a statement finds them by. */
export function rewardKeys(refs: readonly RewardRef[]) {
  return sql`(SELECT value->>0, value->>1 FROM json_each(${JSON.stringify(refs.map(({ campaign, card }) => [campaign, card]))}))`;
}
