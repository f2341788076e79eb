import { randomUUID } from "node:crypto";
import { newLineUserId } from "../../scripts/player-client.ts";
import { openSession } from "../../worker/player/session.ts";
import { signedRequest } from "../../scripts/partner-client.ts";
import { wire } from "../wire.ts";
import { CAMPAIGNS } from "./prepare.ts";
import type { Bench } from "./prepare.ts";
import { BULK } from "./variants.ts";
import type { VariantName } from "./variants.ts";

export interface Requests {
  /** Sent once and not measured, before the others. */
  readonly before?: readonly Uint8Array[];
  readonly requests: readonly Uint8Array[];
  readonly once: boolean;
}

/** How many requests a shot may use up. */
export interface Most {
  readonly signed: number;
  readonly looks: number;
}

/** The requests of a variant, as bytes. */
export async function requestsOf(name: VariantName, bench: Bench, most: Most): Promise<Requests> {
  const again = (path: string, headers: Readonly<Record<string, string>> = {}): Requests => ({
    requests: [Buffer.from(wire("GET", path, { host: hostOf(bench), ...headers }))],
    once: false,
  });
  switch (name) {
    case "hello":
    case "rpc":
    case "wait":
    case "insert":
    case "journal":
      return again(`/probe/${name}`);
    case "rpc of 100":
      return again("/probe/rpc-bulk");
    case "plain face":
      return again(`/plain/${bench.face.bytes}`);
    case "draw":
      return again(`/probe/draw/${CAMPAIGNS.draw}`);
    case "bulk":
      return again(`/probe/bulk/${CAMPAIGNS.bulk}`);
    case "face": {
      const users = await faceReads(bench, Math.ceil(most.looks / FACES_A_USER));
      return { before: users, requests: lookAgain(users), once: true };
    }
    case "first face":
      return { requests: await faceReads(bench, Math.ceil(most.looks * FIRST_SHARE)), once: true };
    case "signed":
      return { requests: await signedDraws(bench, CAMPAIGNS.signed, 1, most.signed), once: true };
    case "signed bulk":
      return { requests: await signedDraws(bench, CAMPAIGNS.signedBulk, BULK, Math.ceil(most.signed * BULK_SHARE)), once: true };
  }
}

/** Each user looks at a card three times more, with others in between, as users do. */
const FACES_A_USER = 3;
const USERS_AT_ONCE = 300;

/** A look by each of so many users. */
async function faceReads(bench: Bench, users: number): Promise<Uint8Array[]> {
  return Promise.all(Array.from({ length: users }, () => faceRead(bench, bench.face.path)));
}

function lookAgain(users: readonly Uint8Array[]): Uint8Array[] {
  const reads: Uint8Array[] = [];
  for (let first = 0; first < users.length; first += USERS_AT_ONCE) {
    for (let again = 0; again < FACES_A_USER; again += 1) reads.push(...users.slice(first, first + USERS_AT_ONCE));
  }
  return reads;
}

async function faceRead(bench: Bench, path: string): Promise<Uint8Array> {
  const { session } = await openSession(bench.face.keys, CAMPAIGNS.signed, { sub: newLineUserId() }, Date.now());
  return Buffer.from(wire("GET", path, { host: hostOf(bench), authorization: `Bearer ${session}` }));
}

/** A first look takes longer than one more. */
const FIRST_SHARE = 0.6;
/** A request of a hundred draws takes longer than one of one. */
const BULK_SHARE = 0.25;

/** Signed right before they are sent, for a signature is good for minutes. */
async function signedDraws({ house, key }: Bench, campaign: string, draws: number, requests: number): Promise<Uint8Array[]> {
  const url = `${house.appOrigin}/partner/v1/campaigns/${campaign}/draws`;
  const signed: Uint8Array[] = [];
  for (let n = 0; n < requests; n += 1) {
    const body = { draws: Array.from({ length: draws }, newDraw) };
    const { headers } = await signedRequest(key, url, "POST", body);
    const { host, pathname } = new URL(url);
    signed.push(Buffer.from(wire("POST", pathname, { host, ...Object.fromEntries(headers) }, JSON.stringify(body))));
  }
  return signed;
}

function newDraw() {
  const id = randomUUID();
  return { requestId: id, recipient: `visitor-${id}` };
}

function hostOf({ house }: Bench): string {
  return new URL(house.appOrigin).host;
}
