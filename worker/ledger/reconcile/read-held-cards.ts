import type { HeldCards, ShardAddress } from "../../../durable-objects/protocol.ts";
import { cardIssuer } from "../../objects.ts";

/** An issuer that is asked while thousands of blocks are on their way reads some of them each time. */
const MAX_READINGS = 100;

export type HeldPage = Extract<HeldCards, { status: "read" }>;

/** The next cards of an issuer after card `afterSeq`, in the order of their issue. */
export async function readHeldCards(env: Env, address: ShardAddress, afterSeq: number, limit: number): Promise<HeldPage> {
  for (let readings = 0; readings < MAX_READINGS; readings++) {
    const page = await cardIssuer(env, address).heldCards({ ...address, afterSeq, limit });
    if (page.status === "read") return page;
  }
  throw new Error(`shard ${address.shard} of ${address.campaign} has more blocks on the way than it could look through`);
}
