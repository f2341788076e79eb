import { z } from "@hono/zod-openapi";

export const placeSchema = z
  .object({
    segment: z.string(),
    position: z.int().openapi({ description: "From 0; goes on from deck to deck of its segment" }),
  })
  .openapi("CardPlace");
