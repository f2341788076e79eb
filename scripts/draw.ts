import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { patiently } from "./api-call.ts";
import { MAX_DRAWS_PER_CALL } from "./partner-client.ts";
import type { DrawAnswer, DrawRequest, PartnerClient } from "./partner-client.ts";

/** A card as its partner has it. */
export interface DrawnCard {
  readonly requestId: string;
  readonly cardId: string;
  readonly url: string;
}

/** Refusals that pass: load, and a campaign whose opening has not reached every issuer. They are asked again this often. */
const PASSING: readonly DrawAnswer["status"][] = ["overloaded", "not_open"];
const MAX_ROUNDS = 20;
const ROUND_EVERY_MS = 500;

/** Draws a card for each request, in calls of at most `MAX_DRAWS_PER_CALL`; a request that is refused for now is asked again. Rejects for one that is refused for good. */
export async function drawCards(
  partner: PartnerClient,
  campaign: string,
  requests: readonly DrawRequest[],
  onDrawn: (drawn: number) => void = () => {},
): Promise<DrawnCard[]> {
  const drawn: DrawnCard[] = [];
  let due = requests;
  for (let round = 0; due.length > 0 && round < MAX_ROUNDS; round += 1) {
    if (round > 0) await sleep(ROUND_EVERY_MS);
    const refused = new Set<string>();
    for (let first = 0; first < due.length; first += MAX_DRAWS_PER_CALL) {
      const answers = await patiently(() => partner.draw(campaign, due.slice(first, first + MAX_DRAWS_PER_CALL)));
      for (const { requestId, status, cardId, url } of answers) {
        if (cardId !== undefined && url !== undefined) drawn.push({ requestId, cardId, url });
        else if (PASSING.includes(status)) refused.add(requestId);
        else throw new Error(`the draw ${requestId} was answered ${status}`);
      }
      onDrawn(drawn.length);
    }
    due = due.filter(({ requestId }) => refused.has(requestId));
  }
  if (due.length > 0) throw new Error(`${due.length} draws were still refused after ${MAX_ROUNDS} tries`);
  return drawn;
}

/** Draws one card for somebody new. */
export async function drawOne(partner: PartnerClient, campaign: string): Promise<DrawnCard> {
  const requestId = randomUUID();
  const [card] = await drawCards(partner, campaign, [{ requestId, recipient: `visitor-${requestId.slice(0, 8)}` }]);
  if (card === undefined) throw new Error("no card was drawn");
  return card;
}
