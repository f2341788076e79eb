import { drawBy } from "../../durable-objects/draw-columns.ts";
import type { CampaignRules, Draw, DrawResult } from "../../durable-objects/protocol.ts";
import type { CampaignSnapshot } from "../campaign/schema.ts";
import { askIssuer } from "./issuers.ts";
import { cardIssuer } from "../objects.ts";
import { routeDraws } from "./route-draws.ts";

/** Campaigns of which this isolate knows that their snapshot is behind their issuers; past the bound it learns anew. */
const MAX_CORRECTIONS = 1_000;
const corrections = new Map<string, CampaignRules>();

/** Draws cards of a published campaign, one result for each in the order asked. Load is no error: such draws are `overloaded`. */
export async function drawCards(
  env: Env,
  { file, version, shards }: CampaignSnapshot,
  draws: readonly Draw[],
): Promise<readonly DrawResult[]> {
  const correction = corrections.get(file.id);
  const { results, corrected } = await routeDraws(
    (command) =>
      askIssuer(
        () => cardIssuer(env, command),
        (issuer) => drawBy(issuer, command),
      ),
    file.id,
    correction !== undefined && correction.version > version ? correction.shards : shards,
    draws,
  );
  if (corrected !== null) {
    if (corrections.size >= MAX_CORRECTIONS) corrections.clear();
    corrections.set(file.id, corrected);
  }
  return results;
}
