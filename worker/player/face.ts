import { z } from "@hono/zod-openapi";
import { PRIZE_KINDS } from "../../durable-objects/protocol.ts";
import type { CampaignSnapshot, Prize } from "../campaign/schema.ts";
import { instantSchema } from "../http/openapi.ts";
import { onceASnapshot } from "./once-a-snapshot.ts";

const textSchema = z.record(z.string(), z.string()).openapi({ description: "By language tag", example: { "zh-TW": "新春刮刮樂" } });

export const prizeFaceSchema = z
  .object({
    id: z.string(),
    kind: z.enum(PRIZE_KINDS),
    name: textSchema,
    description: textSchema.optional(),
    image: z.string().optional(),
    value: z.object({ amount: z.int(), currency: z.string() }).optional(),
  })
  .openapi("Prize");
export type PrizeFace = z.output<typeof prizeFaceSchema>;

export const campaignFaceSchema = z
  .object({
    campaign: z.string(),
    title: textSchema,
    texts: z.record(z.string(), textSchema),
    theme: z.object({
      base: z.enum(["festival", "line"]).optional(),
      accent: z.string().optional(),
      background: z.string().optional(),
      cover: z.enum(["gold", "silver", "green", "red"]).optional(),
      image: z.string().optional(),
    }),
    timezone: z.string(),
    startsAt: instantSchema,
    endsAt: instantSchema,
    selfService: z.boolean(),
    autoRedeem: z.boolean(),
    prizes: z.array(prizeFaceSchema),
  })
  .openapi("Campaign");
export type CampaignFace = z.output<typeof campaignFaceSchema>;

/** What anybody may see of a prize; `params` is for the provider alone. */
function prizeFace({ id, kind, name, description, image, value }: Prize): PrizeFace {
  return {
    id,
    kind,
    name,
    ...(description === undefined ? {} : { description }),
    ...(image === undefined ? {} : { image }),
    ...(value === undefined ? {} : { value }),
  };
}

export const campaignFace = onceASnapshot(({ file }): CampaignFace => {
  const { id, title, texts = {}, theme, timezone, startsAt, endsAt, selfService, autoRedeem, prizes } = file;
  return { campaign: id, title, texts, theme, timezone, startsAt, endsAt, selfService, autoRedeem, prizes: prizes.map(prizeFace) };
});

const encoder = new TextEncoder();

/** The same as JSON in UTF-8, written once a snapshot: a body of new bytes costs more than all else of an answer. */
export const campaignFaceJson = onceASnapshot(
  (snapshot): Uint8Array<ArrayBuffer> => new Uint8Array(encoder.encode(JSON.stringify(campaignFace(snapshot)))),
);

/** The face of one prize. A prize newer than the snapshot is shown by its id. */
export function prizeFaceOf(snapshot: CampaignSnapshot, { prize, kind }: { prize: string; kind: PrizeFace["kind"] }): PrizeFace {
  return campaignFace(snapshot).prizes.find(({ id }) => id === prize) ?? { id: prize, kind, name: { en: prize } };
}
