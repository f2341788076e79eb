import { z } from "zod";
import type { PrizeKind } from "../../durable-objects/protocol.ts";
import { POOL_START } from "./parse-pool.ts";
import type { PoolCursor } from "./parse-pool.ts";

/** Changes with the form of a cursor: a file that an earlier form was read with is read anew. */
const FORM = 1;

type Prizes = Readonly<Record<string, PrizeKind>>;

/** The cursor was made by ourselves; what may differ is by whom, and of which campaign file. */
const savedSchema = z.object({ form: z.literal(FORM), prizes: z.record(z.string(), z.string()), cursor: z.custom<PoolCursor>() });

/** A cursor as the pool keeps it, with the prizes that the rows before it were read with. */
export function saveCursor(cursor: PoolCursor, prizes: Prizes): string {
  return JSON.stringify({ form: FORM, prizes, cursor });
}

/** Where a file is to be read on from; null: what was read of it does not hold any more, for the campaign's prizes have changed. */
export function openCursor(state: string | null, prizes: Prizes): PoolCursor | null {
  if (state === null) return POOL_START;
  const saved = savedSchema.safeParse(JSON.parse(state));
  return saved.success && isSame(saved.data.prizes, prizes) ? saved.data.cursor : null;
}

function isSame(one: Readonly<Record<string, string>>, other: Prizes): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && one[name] === other[name]);
}
