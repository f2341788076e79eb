import { z } from "@hono/zod-openapi";
import type { Draw } from "../../durable-objects/protocol.ts";
import { lineUserIdSchema } from "../cards/line-user.ts";

export const MAX_DRAWS = 500;
const MAX_METADATA_BYTES = 1_024;
const encoder = new TextEncoder();

/** Kept as the JSON text of the parsed value, so that white space makes no difference between a request and its repeat. */
const metadataSchema = z
  .record(z.string(), z.unknown())
  .transform((value, ctx) => {
    const text = JSON.stringify(value, (_, member: unknown) => {
      if (typeof member === "number" && !Number.isFinite(member))
        ctx.addIssue({ code: "custom", message: "a number is too large to be kept" });
      return member;
    });
    if (encoder.encode(text).length > MAX_METADATA_BYTES) {
      ctx.addIssue({ code: "custom", message: `at most ${MAX_METADATA_BYTES} bytes as JSON` });
    }
    return text;
  })
  .openapi({ type: "object", description: `The partner's own; at most ${MAX_METADATA_BYTES} bytes as JSON` });

const drawSchema = z.strictObject({
  requestId: z
    .string()
    .regex(/^[\x20-\x7e]{1,128}$/, "1 to 128 printable ASCII characters")
    .openapi({ description: "The partner's own id of this draw: the same one gives the same card for as long as the campaign lasts" }),
  recipient: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters, and whole characters only")
    .optional()
    .openapi({ description: "The partner's own id of the person: limits count by it" }),
  lineUserId: lineUserIdSchema.optional().openapi({ description: "Binds the card to this LINE user at birth" }),
  metadata: metadataSchema.optional(),
});

export const drawsSchema = z.strictObject({ draws: z.array(drawSchema).min(1).max(MAX_DRAWS) });

/** A draw as the issuers take it. */
export function toDraw({ requestId, recipient, lineUserId, metadata }: z.output<typeof drawSchema>): Draw {
  return { requestId, recipient: recipient ?? null, lineUserId: lineUserId ?? null, metadata: metadata ?? null };
}
