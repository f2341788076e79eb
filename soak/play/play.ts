import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../../scripts/api-call.ts";
import type { DrawAnswer, DrawRequest } from "../../scripts/partner-client.ts";
import { PlayerClient, newLineUserId } from "../../scripts/player-client.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { SoakCampaign } from "./campaigns.ts";
import { insist } from "../insist.ts";
import type { Tries } from "../insist.ts";
import type { Random } from "../random.ts";
import type { Told } from "./told.ts";

/** What the clients share. */
export interface World {
  readonly house: ServedHouse;
  readonly campaigns: readonly SoakCampaign[];
  readonly told: Told;
  readonly tries: Tries;
  /** No new round is begun; what was begun is brought to its end. */
  over: boolean;
  nextId: number;
}

/** People whose cards are drawn in one call. */
const MAX_PARTY = 8;
/** Draws past the limit, so that it is asked for. */
const MAX_EXCESS = 2;
const DRAWN_SINGLY = 0.5;
const DRAWN_TWICE = 0.2;
const DRAWN_FOR_USER = 0.3;
const REVEALED = 0.8;
const REDEEMED = 0.7;
/** Cards that their partner takes back while their user claims them. */
const CONTESTED = 0.08;
const ASKED_TWICE = 0.2;
const ASKED_BY_STRANGER = 0.1;
const MAX_PAUSE_MS = 10;
/** Refusals that pass: load, and an opening that has not reached every issuer. */
const PASSING: readonly DrawAnswer["status"][] = ["overloaded", "not_open"];

class Passing extends Error {}

/** How an act ended; what is refused for another reason had been promised, and is a finding. */
type Outcome = "done" | "refused" | "card_voided" | "already_redeemed";

/** One client: draws for a party, signs its people in and plays their cards, again and again until the world is over. */
export async function play(world: World, random: Random): Promise<void> {
  while (!world.over) {
    const campaign = random.pick(world.campaigns);
    const party = Array.from({ length: random.int(1, MAX_PARTY) }, () => newPerson(world));
    const cards = await drawFor(world, random, campaign, party);
    const [stranger] = party;
    for (const person of party) {
      const own = cards.filter(({ recipient }) => recipient === person.recipient);
      if (own.length > 0) await playCards(world, random, campaign, { person, stranger: stranger ?? person, cards: own });
    }
  }
}

interface Person {
  readonly recipient: string;
  readonly lineUserId: string;
  player: PlayerClient | null;
}

interface HeldCard {
  readonly cardId: string;
  readonly recipient: string;
}

function newPerson(world: World): Person {
  world.nextId += 1;
  return { recipient: `visitor-${world.nextId}`, lineUserId: newLineUserId(), player: null };
}

async function drawFor(world: World, random: Random, campaign: SoakCampaign, party: readonly Person[]): Promise<HeldCard[]> {
  const requests = party.flatMap(({ recipient, lineUserId }) =>
    Array.from({ length: random.int(1, campaign.limit + MAX_EXCESS) }, (): DrawRequest => {
      world.nextId += 1;
      return { requestId: `request-${world.nextId}`, recipient, ...(random.chance(DRAWN_FOR_USER) ? { lineUserId } : {}) };
    }),
  );
  const calls = random.chance(DRAWN_SINGLY) ? requests.map((request) => [request]) : [requests];
  const doubled = calls.flatMap((call) => (random.chance(DRAWN_TWICE) ? [call, call] : [call]));
  await Promise.all(doubled.map((call) => drawAll(world, campaign, call)));
  return requests.flatMap(({ requestId, recipient = "" }) => {
    const cardId = world.told.draws.get(requestId)?.cardId ?? null;
    return cardId === null ? [] : [{ cardId, recipient }];
  });
}

/** Asks until every draw is answered for good; what was answered is asked again with the rest, and must be answered the same. */
export async function drawAll(
  { house, told, tries }: World,
  { id }: Pick<SoakCampaign, "id">,
  requests: readonly DrawRequest[],
): Promise<void> {
  await insist(tries, async () => {
    const answers = await house.partner.draw(id, requests);
    let passing = 0;
    for (const [i, answer] of answers.entries()) {
      const request = requests[i];
      if (request === undefined || request.requestId !== answer.requestId) throw new Error("the answers are not in the order asked");
      if (PASSING.includes(answer.status)) passing += 1;
      else told.draw(id, request, answer);
    }
    if (passing > 0) throw new Passing(`${passing} draws are to be asked again`);
  });
}

interface Hand {
  readonly person: Person;
  readonly stranger: Person;
  readonly cards: readonly HeldCard[];
}

async function playCards(world: World, random: Random, campaign: SoakCampaign, { person, stranger, cards }: Hand): Promise<void> {
  for (const { cardId } of cards) {
    if (!random.chance(REVEALED)) continue;
    await sleep(random.int(0, MAX_PAUSE_MS));
    const contested = random.chance(CONTESTED);
    if (campaign.autoRedeem && contested) {
      await contest(world, campaign, cardId, (lost) => reveal(world, campaign, person, cardId, lost));
      continue;
    }
    await twice(random, () => reveal(world, campaign, person, cardId));
    if (stranger !== person && random.chance(ASKED_BY_STRANGER)) await revealAsStranger(world, campaign, stranger, cardId);
    if (campaign.autoRedeem) continue;
    if (contested) await contest(world, campaign, cardId, (lost) => redeem(world, campaign, person, cardId, lost));
    else if (random.chance(REDEEMED)) await twice(random, () => redeem(world, campaign, person, cardId));
  }
}

/** The partner voids a card in the moment that its user claims it: one of them has it, the other is told so. */
async function contest(world: World, campaign: SoakCampaign, cardId: string, claim: (lost: Outcome) => Promise<Outcome>): Promise<void> {
  const [claimed, voided] = await Promise.all([claim("card_voided"), takeBack(world, campaign, cardId)]);
  if (claimed === "card_voided" && voided !== "done") world.told.find("lost", `card ${cardId} was refused as void, and is not`);
  if (voided === "already_redeemed" && claimed !== "done") world.told.find("lost", `card ${cardId} was kept as redeemed, and is not`);
}

async function takeBack(world: World, campaign: SoakCampaign, cardId: string): Promise<Outcome> {
  const { told, tries, house } = world;
  return await outcomeOf(world, `taking back card ${cardId}`, "already_redeemed", async () => {
    await insist(tries, () => house.partner.void(campaign.id, cardId, "a contest"));
    told.void(cardId);
  });
}

async function twice(random: Random, act: () => Promise<unknown>): Promise<void> {
  await Promise.all(random.chance(ASKED_TWICE) ? [act(), act()] : [act()]);
}

async function reveal(world: World, campaign: SoakCampaign, person: Person, cardId: string, allowed?: Outcome): Promise<Outcome> {
  const { told, tries } = world;
  const player = await signIn(world, campaign, person);
  return await outcomeOf(world, `the reveal of card ${cardId}`, allowed, async () => {
    const { prize, reward } = await insist(tries, () => player.reveal(cardId, [[800, 40]]));
    told.reveal(cardId, person.lineUserId, prize.id);
    if (campaign.autoRedeem) told.redeem(cardId, person.lineUserId, reward ?? {});
  });
}

async function redeem(world: World, campaign: SoakCampaign, person: Person, cardId: string, allowed?: Outcome): Promise<Outcome> {
  const { told, tries } = world;
  const player = await signIn(world, campaign, person);
  return await outcomeOf(world, `the redemption of card ${cardId}`, allowed, async () => {
    const { reward } = await insist(tries, () => player.redeem(cardId));
    told.redeem(cardId, person.lineUserId, reward);
  });
}

/** A card that somebody has revealed does not exist for anybody else. */
async function revealAsStranger(world: World, campaign: SoakCampaign, stranger: Person, cardId: string): Promise<void> {
  const { told, tries } = world;
  const player = await signIn(world, campaign, stranger);
  try {
    const { prize } = await insist(tries, () => player.reveal(cardId));
    told.reveal(cardId, stranger.lineUserId, prize.id);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "card_not_found") throw error;
  }
}

async function signIn({ house, tries }: World, { id, channelId }: SoakCampaign, person: Person): Promise<PlayerClient> {
  return (person.player ??= await insist(tries, () => PlayerClient.signIn(house, id, { sub: person.lineUserId, name: "Kuji", channelId })));
}

async function outcomeOf({ told }: World, what: string, allowed: Outcome | undefined, act: () => Promise<void>): Promise<Outcome> {
  try {
    await act();
    return "done";
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    if (allowed !== undefined && error.code === allowed) return allowed;
    told.find("lost", `${what} was refused: ${error.code}`);
    return "refused";
  }
}
