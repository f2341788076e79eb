import { z } from "zod";

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `not ${bytes} bytes in hex`);
const HASH = hex(32);

const segmentSchema = z.object({
  segment: z.string(),
  size: z.int().min(1),
  decks: z.int().min(1),
  commitment: HASH,
  roots: z.array(z.object({ deck: z.int().min(0), root: HASH })),
  seed: HASH.optional(),
  manifest: z.array(z.object({ prize: z.string(), quantity: z.int().min(1) })).optional(),
  repeat: z.object({ maxDecks: z.int().nullable() }).optional(),
  moments: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }).optional(),
});

/** What `GET /player/v1/campaigns/{campaign}/fairness` answers. */
export const fairnessSchema = z.object({ campaign: z.string(), fallback: z.string().nullable(), segments: z.array(segmentSchema) });
export type Fairness = z.output<typeof fairnessSchema>;
export type Segment = z.output<typeof segmentSchema>;

/** What `GET …/cards/{cardId}/proof` answers. */
export const proofSchema = z.object({
  campaign: z.string(),
  cardId: z.string(),
  prize: z.string(),
  place: z.object({ segment: z.string(), position: z.int().min(0) }).optional(),
  commitment: HASH.optional(),
  inclusion: z
    .object({ deck: z.int().min(0), index: z.int().min(0), size: z.int().min(1), salt: hex(16), path: z.array(HASH), root: HASH })
    .optional(),
});
export type Proof = z.output<typeof proofSchema>;

/** Reads a document that was saved or fetched; rejects with the place of the first fault. */
export function readDocument<T>(schema: z.ZodType<T>, text: string, source: string): T {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error(`${source} is not JSON`);
  }
  const { success, data, error } = schema.safeParse(document);
  if (success) return data;
  const [issue] = error.issues;
  throw new Error(`${source}, at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? "it is not of the form that was expected"}`);
}
