import { ApiError } from "../../scripts/api-call.ts";
import { mapAtOnce } from "../../scripts/at-once.ts";
import { MAX_DRAWS_PER_CALL } from "../../scripts/partner-client.ts";
import type { PartnerCard } from "../../scripts/partner-client.ts";
import { grantsOf } from "../../scripts/sandbox-grants.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import type { SoakCampaign } from "./campaigns.ts";
import { insist } from "../insist.ts";
import { judge, wasTouched } from "./judge.ts";
import { drawAll } from "./play.ts";
import type { World } from "./play.ts";
import { settle } from "./settle.ts";
import type { Finding } from "./told.ts";

const CALLS_AT_ONCE = 16;

export interface Verified {
  readonly findings: readonly Finding[];
  /** Rewards that the ledger has as granted. */
  readonly granted: number;
}

/** Asks for everything again that was answered, waits until all is settled, and holds every book against the others. */
export async function verify(world: World, campaign: SoakCampaign, terminal: Terminal): Promise<Verified> {
  const { told, house } = world;
  const { id, loaded, limit } = campaign;
  const draws = [...told.draws.values()].filter((draw) => draw.campaign === id);
  const cards = [...told.cards.values()].filter((card) => card.campaign === id);
  // A refused draw may have a card by now where one of its recipient was taken back.
  const relieved = new Set(cards.filter(({ voided }) => voided).map(({ recipient }) => recipient));
  const asked = draws.filter(({ cardId, request }) => cardId !== null || !relieved.has(request.recipient ?? ""));
  const pages = Array.from({ length: Math.ceil(asked.length / MAX_DRAWS_PER_CALL) }, (_, page) =>
    asked.slice(page * MAX_DRAWS_PER_CALL, (page + 1) * MAX_DRAWS_PER_CALL).map(({ request }) => request),
  );
  await terminal.step(`${id}: ${asked.length} draws are asked for again`, () =>
    mapAtOnce(pages, CALLS_AT_ONCE, (page) => drawAll(world, campaign, page)),
  );
  const touched = cards.filter(wasTouched);
  const shown = new Map<string, PartnerCard>();
  await terminal.step(`${id}: ${touched.length} cards are looked at`, () =>
    mapAtOnce(touched, CALLS_AT_ONCE, async ({ cardId }) => {
      const card = await lookAt(world, id, cardId);
      if (card !== null) shown.set(cardId, card);
    }),
  );
  const balance = await terminal.step(`${id}: the ledger is settled and every reward has its outcome`, () => settle(house.admin, id));
  const grants = await grantsOf(house.sandboxOrigin, id);
  return {
    findings: judge({ campaign: id, loaded, limit, cards, shown, balance, grants }),
    granted: balance.prizes.reduce((sum, { rewards }) => sum + rewards.granted, 0),
  };
}

async function lookAt({ house, tries }: World, campaign: string, cardId: string): Promise<PartnerCard | null> {
  try {
    return await insist(tries, () => house.partner.card(campaign, cardId));
  } catch (error) {
    if (error instanceof ApiError && error.code === "card_not_found") return null;
    throw error;
  }
}
