import type { CampaignRules, Draw, DrawCommand, DrawReply, DrawResult } from "../../durable-objects/protocol.ts";
import { errorText } from "../error-text.ts";
import { IssuerOverloaded } from "./issuers.ts";
import { shardOf } from "./shard.ts";

/** Asks one issuer; rejects where it cannot be had. */
export type AskDraw = (command: DrawCommand) => Promise<DrawReply>;

export interface RoutedDraws {
  /** One for each draw, in the order asked. */
  readonly results: readonly DrawResult[];
  /** What the issuers said of a campaign whose number of shards was believed wrongly, else null. */
  readonly corrected: CampaignRules | null;
}

interface PlacedDraw {
  readonly index: number;
  readonly draw: Draw;
}

/**
 * Sends draws to their issuers, one call a shard, all at once. Draws sent by a wrong number of shards are sent once more by the right one; an issuer that
 * cannot be had makes its draws `overloaded`.
 */
export async function routeDraws(ask: AskDraw, campaign: string, shards: number, draws: readonly Draw[]): Promise<RoutedDraws> {
  const results = draws.map((): DrawResult => ({ status: "overloaded" }));
  const placed = draws.map((draw, index): PlacedDraw => ({ index, draw }));
  const first = await sendRound(ask, campaign, shards, placed, results);
  if (first.corrected !== null) await sendRound(ask, campaign, first.corrected.shards, first.astray, results);
  return { results, corrected: first.corrected };
}

/** Fills `results`; returns the draws that went to an issuer by a wrong number of shards. */
async function sendRound(ask: AskDraw, campaign: string, shards: number, placed: readonly PlacedDraw[], results: DrawResult[]) {
  const astray: PlacedDraw[] = [];
  let corrected: CampaignRules | null = null;
  const sendGroup = async (shard: number, group: readonly PlacedDraw[]) => {
    const reply = await askOrShed(ask, { campaign, shard, shards, draws: group.map(({ draw }) => draw) });
    if (reply === null) return;
    if (reply.status === "misrouted") {
      astray.push(...group);
      if (corrected === null || reply.rules.version > corrected.version) corrected = reply.rules;
      return;
    }
    for (const [nth, result] of reply.results.entries()) {
      const sent = group[nth];
      if (sent !== undefined) results[sent.index] = result;
    }
  };
  await Promise.all(Array.from(byShard(placed, shards), ([shard, group]) => sendGroup(shard, group)));
  return { astray, corrected: corrected as CampaignRules | null };
}

function byShard(placed: readonly PlacedDraw[], shards: number): Map<number, PlacedDraw[]> {
  const groups = new Map<number, PlacedDraw[]>();
  for (const one of placed) {
    const shard = shardOf(one.draw.recipient ?? one.draw.requestId, shards);
    const group = groups.get(shard);
    if (group === undefined) groups.set(shard, [one]);
    else group.push(one);
  }
  return groups;
}

async function askOrShed(ask: AskDraw, command: DrawCommand): Promise<DrawReply | null> {
  try {
    return await ask(command);
  } catch (error) {
    if (!(error instanceof IssuerOverloaded)) {
      console.error(
        JSON.stringify({ message: "issuer failed", campaign: command.campaign, shard: command.shard, error: errorText(error) }),
      );
    }
    return null;
  }
}
