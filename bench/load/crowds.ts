import { randomUUID } from "node:crypto";
import { callJson } from "../../scripts/api-call.ts";
import { mapAtOnce } from "../../scripts/at-once.ts";
import { drawOne } from "../../scripts/draw.ts";
import { newLineUserId } from "../../scripts/player-client.ts";
import { openSession } from "../../worker/player/session.ts";
import { signedDraws } from "../peers/requests.ts";
import { wire } from "../wire.ts";
import type { Crowd } from "./order.ts";
import { partsOf } from "./script.ts";
import type { Part, Script, Step, Visit } from "./script.ts";
import type { Stage } from "./stage.ts";

/** A campaign on the stage. */
export interface Scene {
  readonly stage: Stage;
  readonly campaign: string;
  readonly channelId: string;
}

/** Makes all that the visitors of these arrivals bring, right before they come: a signature is good for five minutes. `drawn`: cards for it. */
export type MakeCrowd = (scene: Scene, arrivals: readonly number[]) => Promise<Crowd & { readonly drawn?: readonly string[] }>;

/** Between a look and the next touch. */
const THINK_MS = 300;
/** Of so many visitors one has not been here before, and signs in with LINE's ID token. */
const SIGN_IN_ONE_IN = 20;
const FACES = 3;
const TRAIL = [
  [1_200, 8],
  [1_900, 31],
  [2_600, 58],
  [3_300, 82],
] as const;
/** `durable-objects/card-id.ts`: 24 bytes as base64url. */
const CARD_ID_LENGTH = 32;
const TOKENS_AT_ONCE = 16;
export const BULK = 100;

/** Nothing but a request and its answer. */
export async function helloCrowd({ stage }: Scene, arrivals: readonly number[]): Promise<Crowd> {
  const hello: Step = { name: "hello", thinkMs: 0, request: [wire("GET", "/player/hello", { host: hostOf(stage) })] };
  return { scripts: [[hello]], visits: arrivals.map((atMs) => ({ atMs, script: 0, values: {} })) };
}

/** One draw by the partner, three looks at the card, one scratch, one redemption; some sign in first. */
export async function lifeCrowd(scene: Scene, arrivals: readonly number[]): Promise<Crowd> {
  const looks = Array.from({ length: FACES }, () => faceStep(scene));
  const play = [...looks, revealStep(scene), redeemStep(scene)];
  const scripts: Script[] = [
    [drawStep(), ...play],
    [drawStep(), signInStep('{card}"}'), ...play],
  ];
  const signIns = await signInRequests(scene, Math.ceil(arrivals.length / SIGN_IN_ONE_IN), null);
  const sessions = await sessionsOf(scene, arrivals.length);
  const draws = drawRequests(scene, 1, arrivals.length);
  return {
    scripts,
    visits: arrivals.map((atMs, n): Visit => {
      const draw = draws[n] ?? "";
      const signIn = n % SIGN_IN_ONE_IN === 0 ? signIns[n / SIGN_IN_ONE_IN] : undefined;
      return signIn === undefined
        ? { atMs, script: 0, values: { draw, session: sessions[n] ?? "" } }
        : { atMs, script: 1, values: { draw, signIn } };
    }),
  };
}

/** A card that wins, scratched and redeemed. */
export async function winnerCrowd(scene: Scene, arrivals: readonly number[]): Promise<Crowd> {
  const sessions = await sessionsOf(scene, arrivals.length);
  const draws = drawRequests(scene, 1, arrivals.length);
  return {
    scripts: [[drawStep(), revealStep(scene), { ...redeemStep(scene), wants: '"status":"granted"' }]],
    visits: arrivals.map((atMs, n) => ({ atMs, script: 0, values: { draw: draws[n] ?? "", session: sessions[n] ?? "" } })),
  };
}

/** Of so many visitors in a spike one is the partner, who draws for as many as have come in meanwhile; the others open the page: LINE's ID token for a session, with the card's face. */
const PARTNER_ONE_IN = 4;
export const SPIKE_DRAWS = 20;

export async function spikeCrowd(scene: Scene, arrivals: readonly number[]): Promise<Crowd & { readonly drawn: readonly string[] }> {
  const { cardId } = await drawOne(scene.stage.partner, scene.campaign);
  const draws = drawRequests(scene, SPIKE_DRAWS, Math.ceil(arrivals.length / PARTNER_ONE_IN));
  const openings = await signInRequests(scene, arrivals.length - draws.length, cardId);
  const partner = { ...drawStep(), takes: {} };
  const opening = { ...signInStep(), name: "open", takes: {}, wants: '"card":{' };
  const visits = arrivals.map((atMs, n): Visit => {
    const draw = n % PARTNER_ONE_IN === 0 ? draws[n / PARTNER_ONE_IN] : undefined;
    return draw === undefined
      ? { atMs, script: 1, values: { signIn: openings[n - Math.ceil(n / PARTNER_ONE_IN)] ?? "" } }
      : { atMs, script: 0, values: { draw } };
  });
  return { drawn: [cardId], scripts: [[partner], [opening]], visits };
}

/** People who are signed in, and open one envelope each. */
export async function envelopeCrowd(scene: Scene, arrivals: readonly number[]): Promise<Crowd> {
  const path = `/player/v1/campaigns/${scene.campaign}/play`;
  const sessions = await sessionsOf(scene, arrivals.length);
  const plays = sessions.map((session) =>
    wire("POST", path, {
      host: hostOf(scene.stage),
      authorization: `Bearer ${session}`,
      "idempotency-key": randomUUID(),
      "content-length": "0",
    }),
  );
  return {
    scripts: [[{ name: "play", thinkMs: 0, request: partsOf("{play}"), draws: true }]],
    visits: arrivals.map((atMs, n) => ({ atMs, script: 0, values: { play: plays[n] ?? "" } })),
  };
}

/** A partner who draws by the hundred. */
export async function bulkCrowd(scene: Scene, arrivals: readonly number[]): Promise<Crowd> {
  const draws = drawRequests(scene, BULK, arrivals.length);
  return {
    scripts: [[{ ...drawStep(), takes: {} }]],
    visits: arrivals.map((atMs, n) => ({ atMs, script: 0, values: { draw: draws[n] ?? "" } })),
  };
}

function drawStep(): Step {
  return { name: "draw", thinkMs: 0, request: partsOf("{draw}"), draws: true, takes: { card: "cardId" } };
}

/** A sign-in that was made ahead; `rest` is what could not be. */
function signInStep(rest = ""): Step {
  return { name: "sign in", thinkMs: THINK_MS, request: partsOf(`{signIn}${rest}`), takes: { session: "session" } };
}

function faceStep(scene: Scene): Step {
  return { name: "face", thinkMs: THINK_MS, request: cardRequest(scene, "GET", ""), wants: '"prizes":' };
}

function revealStep(scene: Scene): Step {
  const body = JSON.stringify({ trail: TRAIL });
  return { name: "reveal", thinkMs: THINK_MS, request: cardRequest(scene, "POST", "/reveal", body), wants: '"state":"revealed"' };
}

function redeemStep(scene: Scene): Step {
  return { name: "redeem", thinkMs: THINK_MS, request: cardRequest(scene, "POST", "/redeem", "{}"), wants: '"state":"redeemed"' };
}

/** A call about the visit's card by the visit's session. */
function cardRequest({ stage, campaign }: Scene, method: "GET" | "POST", behind: string, body = ""): Part[] {
  const headers = {
    host: hostOf(stage),
    authorization: "Bearer {session}",
    ...(body === "" ? {} : { "content-type": "application/json" }),
  };
  return partsOf(wire(method, `/player/v1/campaigns/${campaign}/cards/{card}${behind}`, headers, body));
}

function drawRequests({ stage, campaign }: Scene, draws: number, requests: number): string[] {
  const url = `${stage.appOrigin}/partner/v1/campaigns/${campaign}/draws`;
  return signedDraws(stage.signing, url, draws, requests).map((bytes) => Buffer.from(bytes).toString("latin1"));
}

async function sessionsOf({ stage, campaign }: Scene, users: number): Promise<string[]> {
  const now = Date.now();
  const opened = Array.from({ length: users }, () => openSession(stage.sessionKeys, campaign, { sub: newLineUserId() }, now));
  return (await Promise.all(opened)).map(({ session }) => session);
}

/** Sign-ins with ID tokens of the sandbox's LINE, each user's own. Without a card they end before its id, whose length is known. */
async function signInRequests({ stage, campaign, channelId }: Scene, users: number, cardId: string | null): Promise<string[]> {
  return await mapAtOnce(Array.from({ length: users }), TOKENS_AT_ONCE, async () => {
    const user = { sub: newLineUserId(), name: "Kuji", channelId };
    const { idToken } = await callJson<{ idToken: string }>(`${stage.sandboxOrigin}/sandbox/id-token`, { method: "POST", body: user });
    const body = JSON.stringify({ campaign, idToken, cardId: cardId ?? "-".repeat(CARD_ID_LENGTH) });
    const headers = { host: hostOf(stage), "content-type": "application/json" };
    const request = wire("POST", "/player/v1/session", headers, body);
    return cardId === null ? request.slice(0, -(CARD_ID_LENGTH + '"}'.length)) : request;
  });
}

function hostOf({ appOrigin }: Stage): string {
  return new URL(appOrigin).host;
}
