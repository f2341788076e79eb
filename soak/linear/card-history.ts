import { randomUUID } from "node:crypto";
import { signedRequest } from "../../scripts/partner-client.ts";
import { insist } from "../insist.ts";
import type { Random } from "../random.ts";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { callTogether } from "./callers.ts";
import { cardModel } from "./card-model.ts";
import type { CardInput, CardOutput, CardState } from "./card-model.ts";
import { checkLinearizable } from "./check.ts";
import { Recorder } from "./recorder.ts";
import { signIn } from "./scene.ts";
import type { Scene } from "./scene.ts";

const REFUSALS: readonly string[] = ["card_not_found", "not_revealed", "card_voided", "already_redeemed"] satisfies CardOutput["status"][];
/** Early, it would leave the others nothing to do. */
const TAKEN_BACK_FROM = 0.4;
const TAKEN_BACK = 0.15;
const LOOKED_AT = 0.2;

/** Two users reveal and redeem one card at once, while its partner looks at it and takes it back. */
export async function playCard(scene: Scene, random: Random) {
  const { house, key, campaign, autoRedeem, tries } = scene;
  const draws = [{ requestId: randomUUID() }];
  const [drawn] = await insist(tries, () => house.partner.draw(campaign, draws));
  if (drawn?.cardId === undefined) throw new Error(`a draw was answered ${drawn?.status}`);
  const sessions = new Map([
    ["alice", await insist(tries, () => signIn(scene))],
    ["bob", await insist(tries, () => signIn(scene))],
  ]);
  const ofPlayer = `${house.appOrigin}/player/v1/campaigns/${campaign}/cards/${drawn.cardId}`;
  const ofPartner = `${house.appOrigin}/partner/v1/campaigns/${campaign}/cards/${drawn.cardId}`;
  const requestOf = async (input: CardInput): Promise<Request> => {
    switch (input.type) {
      case "look":
        return await signedRequest(key, ofPartner, "GET");
      case "void":
        return await signedRequest(key, `${ofPartner}/void`, "POST", { reason: "a race" });
      case "reveal":
      case "redeem": {
        const headers = { authorization: `Bearer ${sessions.get(input.user)}`, "content-type": "application/json" };
        return new Request(`${ofPlayer}/${input.type}`, { method: "POST", headers, body: "{}" });
      }
    }
  };
  const recorder = new Recorder<CardInput, CardOutput>();
  await callTogether(tries.ready, random, async ({ progress, cutAfterMs }, own) => {
    const input = chooseInput(own, progress);
    const request = await requestOf(input);
    await recorder.record(input, async () => cardOutput(input, await ask(request, cutAfterMs)));
  });
  return { history: recorder.history, verdict: checkLinearizable(cardModel({ autoRedeem }), recorder.history) };
}

function chooseInput(random: Random, progress: number): CardInput {
  if (progress >= TAKEN_BACK_FROM && random.chance(TAKEN_BACK)) return { type: "void" };
  if (random.chance(LOOKED_AT)) return { type: "look" };
  return { type: random.pick(["reveal", "redeem"] as const), user: random.pick(["alice", "bob"]) };
}

function cardOutput({ type }: CardInput, answer: Answer | null): CardOutput | null {
  if (answer === null) return null;
  if (answer.code !== null) {
    if (!REFUSALS.includes(answer.code)) throw new Error(`a ${type} was answered ${answer.code}`);
    return { status: answer.code as Exclude<CardOutput["status"], "ok"> };
  }
  const { state, prize } = answer.body as { readonly state: CardState["state"]; readonly prize?: string | { readonly id: string } };
  return { status: "ok", state, prize: (typeof prize === "object" ? prize.id : prize) ?? null };
}
