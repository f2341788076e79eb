import { mapAtOnce } from "../../../../scripts/at-once.ts";
import { count } from "../count.ts";
import { openLedger } from "./ledger.ts";
import type { NaiveLifeEnv } from "./pool.ts";

const AT_ONCE = 48;
/** As often as a card's face is looked at in its life. */
const FACES = 3;

/** So many cards are drawn, looked at, scratched and redeemed, each step the request of a Worker that calls the object. */
export async function liveNaively(env: NaiveLifeEnv, deck: readonly string[]): Promise<Response> {
  await openLedger(env.NAIVE_LEDGER);
  const pool = () => {
    count("worker: requests");
    return env.NAIVE_POOL.getByName("cost");
  };
  await env.NAIVE_POOL.getByName("cost").load({ limit: 5, deck: [...deck] });
  await mapAtOnce(deck, AT_ONCE, async () => {
    const id = crypto.randomUUID();
    const { cardId } = await pool().draw({ requestId: id, recipient: `visitor-${id}`, lineUserId: null, metadata: null });
    if (cardId === null) throw new Error("no card was drawn");
    for (let face = 0; face < FACES; face += 1) await pool().face(cardId);
    await pool().reveal(cardId, `U${id.replaceAll("-", "")}`);
    await pool().redeem(cardId);
  });
  return Response.json({ cards: deck.length });
}
