import { randomUUID } from "node:crypto";
import { mapAtOnce } from "../../scripts/at-once.ts";
import type { DrawAnswer, DrawRequest, PartnerKey } from "../../scripts/partner-client.ts";
import { PartnerClient, signedRequest } from "../../scripts/partner-client.ts";
import type { Peer } from "./peer.ts";

/** A promise, and what was seen where it does not hold. */
export interface Check {
  readonly promise: string;
  readonly fault: string | null;
}

const CARDS = 1_000;
const LIMIT = 3;
const AT_ONCE = 64;
/** Cards that are read. */
const READ = 20;

/**
 * What a draw promises, tried on a peer: each of its figures counts only where all of this holds. Durability is tried on all, and is a fault only where the peer
 * claims it.
 */
export async function conform(peer: Peer, key: PartnerKey): Promise<readonly Check[]> {
  const campaign = `conform-${randomUUID().slice(0, 8)}`;
  await peer.load({
    id: campaign,
    limit: LIMIT,
    stock: new Map([
      ["coupon-50", CARDS / 2],
      ["thanks", CARDS / 2],
    ]),
  });
  const partner = new PartnerClient(peer.origin, key);
  const drawOne = async (draw: DrawRequest) => {
    const [answer] = await partner.draw(campaign, [draw]);
    if (answer === undefined) throw new Error(`${peer.name} gave no answer to a draw`);
    return answer;
  };
  const drawAll = (draws: readonly DrawRequest[]) => mapAtOnce(draws, AT_ONCE, drawOne);
  const checks: Check[] = [];
  const check = (promise: string, fault: string | null) => checks.push({ promise, fault });
  const cards = new Set<string>();
  const take = (answers: readonly DrawAnswer[]) => {
    for (const { status, cardId } of answers) if (status === "issued" && cardId !== undefined) cards.add(cardId);
  };

  const own = await drawAll(Array.from({ length: 100 }, (_, i) => ({ requestId: `own ${i}`, recipient: "somebody" })));
  take(own);
  check("a limit of 3 holds among 100 draws at once", difference({ issued: LIMIT, limit_reached: 100 - LIMIT }, own));

  const once = Array.from({ length: 200 }, (_, i) => ({ requestId: `once ${i}`, recipient: `visitor ${i}` }));
  const [first, second] = await Promise.all([drawAll(once), drawAll(once)]);
  take([...first, ...second]);
  const twice = first.filter(({ cardId }, i) => cardId === undefined || cardId !== second[i]?.cardId).length;
  check("a request that comes twice at once gets one card", twice === 0 ? null : `${twice} of 200 got two, or none`);

  const bulk = Array.from({ length: 100 }, (_, i) => ({ requestId: `bulk ${i}`, recipient: `bulk ${i}` }));
  take(await partner.draw(campaign, bulk));
  const again = await partner.draw(campaign, bulk);
  check("a hundred draws of one request are answered again as they were", difference({ replayed: 100 }, again));

  const readFaults = async () => {
    const read = await mapAtOnce(once.slice(0, READ), AT_ONCE, async ({ requestId }, i) => {
      const card = await peer.card(campaign, first[i]?.cardId ?? "");
      return card?.state === "issued" && card.requestId === requestId;
    });
    return read.filter((good) => !good).length;
  };
  const unread = await readFaults();
  const nobodys = await peer.card(campaign, "A".repeat(32));
  check(
    "a card can be read by its id as soon as it is issued",
    unread === 0 && nobodys === null ? null : `${unread} of ${READ} were not, or one that is none was`,
  );

  if (peer.durable) {
    await peer.crash();
    const after = await drawAll(once);
    const lost = after.filter(({ status, cardId }, i) => status !== "replayed" || cardId !== first[i]?.cardId).length;
    const gone = await readFaults();
    check(
      "what was answered is there after a crash",
      lost + gone === 0 ? null : `${lost} of 200 cards are not, nor ${gone} of ${READ} read`,
    );
  }

  const rest = await drawAll(Array.from({ length: CARDS }, (_, i) => ({ requestId: `rest ${i}`, recipient: `rest ${i}` })));
  take(rest);
  const left = CARDS - LIMIT - 200 - 100;
  check("each card of the deck is issued, and none twice", difference({ issued: left, sold_out: CARDS - left }, rest) ?? countFault(cards));

  const url = `${peer.origin}/partner/v1/campaigns/${campaign}/draws`;
  const signed = await signedRequest(key, url, "POST", { draws: [{ requestId: "forged" }] });
  const statusOf = async (request: Request) => (await fetch(request)).status;
  const other = await statusOf(
    new Request(url, { method: "POST", headers: signed.headers, body: JSON.stringify({ draws: [{ requestId: "other" }] }) }),
  );
  check("a body that was not signed is refused", other === 401 ? null : `it was answered ${other}`);
  const unsigned = new Headers(signed.headers);
  unsigned.delete("signature");
  const none = await statusOf(
    new Request(url, { method: "POST", headers: unsigned, body: JSON.stringify({ draws: [{ requestId: "forged" }] }) }),
  );
  check("a request without a signature is refused", none === 401 ? null : `it was answered ${none}`);
  const wrong = await statusOf(await signedRequest(key, url, "POST", { draws: [{ requestId: "" }] }));
  check("a draw without an id is refused", wrong === 400 ? null : `it was answered ${wrong}`);
  return checks;
}

function difference(expected: Readonly<Record<string, number>>, answers: readonly DrawAnswer[]): string | null {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  const all = new Set([...Object.keys(expected), ...Object.keys(counts)]);
  return [...all].every((status) => (expected[status] ?? 0) === (counts[status] ?? 0)) ? null : JSON.stringify(counts);
}

function countFault(cards: ReadonlySet<string>): string | null {
  return cards.size === CARDS ? null : `${cards.size} different cards were issued of ${CARDS}`;
}
