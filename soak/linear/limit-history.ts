import { randomUUID } from "node:crypto";
import { signedRequest } from "../../scripts/partner-client.ts";
import type { DrawAnswer } from "../../scripts/partner-client.ts";
import type { Random } from "../random.ts";
import { ask } from "./ask.ts";
import { callTogether } from "./callers.ts";
import { checkLinearizable } from "./check.ts";
import type { Verdict } from "./check.ts";
import { limitModel } from "./limit-model.ts";
import type { DrawInput, DrawOutput } from "./limit-model.ts";
import { Recorder } from "./recorder.ts";
import { LIMIT } from "./scene.ts";
import type { Scene } from "./scene.ts";

/** Requests of one recipient: more than may have a card, and each asked for by several callers. */
const REQUESTS = 7;

/** One recipient draws from several places at once, past the limit and again and again. */
export async function playLimit({ house, key, campaign, tries }: Scene, random: Random) {
  const recorder = new Recorder<DrawInput, DrawOutput>();
  const recipient = `visitor-${randomUUID()}`;
  const requestIds = Array.from({ length: REQUESTS }, (_, n) => `request-${n}-of-${recipient}`);
  const url = `${house.appOrigin}/partner/v1/campaigns/${campaign}/draws`;
  await callTogether(tries.ready, random, async ({ cutAfterMs }, own) => {
    const requestId = own.pick(requestIds);
    const request = await signedRequest(key, url, "POST", { draws: [{ requestId, recipient }] });
    await recorder.record({ requestId }, async () => drawOutput((await ask(request, cutAfterMs))?.body));
  });
  const verdict: Verdict<DrawInput, DrawOutput> = checkLinearizable(limitModel(LIMIT), recorder.history);
  return { history: recorder.history, verdict };
}

/** Null where the answer does not say whether a card was issued. */
function drawOutput(body: unknown): DrawOutput | null {
  if (body === undefined) return null;
  const [answer] = (body as { readonly results: readonly DrawAnswer[] }).results;
  switch (answer?.status) {
    case "issued":
    case "replayed":
      return { status: answer.status, cardId: answer.cardId ?? "" };
    case "limit_reached":
      return { status: "limit_reached" };
    case "overloaded":
      return null;
    case "sold_out":
    case "not_open":
    case "conflict":
    case undefined:
      throw new Error(`a draw was answered ${answer?.status}`);
  }
}
