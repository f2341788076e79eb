import { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { campaignIdSchema } from "../campaign/schema.ts";
import { instant } from "../cards/card.ts";
import { partnerKeys, partners } from "../ledger/schema.ts";
import { instantSchema } from "../http/openapi.ts";
import { SIGNATURE_ALGORITHMS } from "../partner/keys.ts";
import { Problem } from "../problem.ts";

export type PartnerRow = typeof partners.$inferSelect;
export type PartnerKeyRow = typeof partnerKeys.$inferSelect;

const MAX_CAMPAIGNS_OF_A_PARTNER = 1_000;
export const partnerIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "1 to 63 lower-case letters, digits and hyphens");
export const partnerCampaignsSchema = z
  .union([z.tuple([z.literal("*")]), z.array(campaignIdSchema).max(MAX_CAMPAIGNS_OF_A_PARTNER)])
  .openapi({ description: "Campaign ids, or `*` alone for all", type: "array", items: { type: "string" } });

export const partnerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    campaigns: z.array(z.string()),
    updatedAt: instantSchema,
    keys: z.array(
      z.object({
        keyId: z.string(),
        algorithm: z.enum(SIGNATURE_ALGORITHMS),
        createdAt: instantSchema,
        revokedAt: instantSchema.optional(),
      }),
    ),
  })
  .openapi("Partner");

export async function partnerRow(db: DrizzleD1Database, partner: string): Promise<PartnerRow> {
  const [row] = await db.select().from(partners).where(eq(partners.partner, partner));
  if (row === undefined) throw new Problem("partner_not_found");
  return row;
}

export async function keyRows(db: DrizzleD1Database, partner: string): Promise<PartnerKeyRow[]> {
  return db.select().from(partnerKeys).where(eq(partnerKeys.partner, partner)).orderBy(partnerKeys.createdAt, partnerKeys.keyId);
}

export function campaignsOf({ campaigns }: Pick<PartnerRow, "campaigns">): string[] {
  return z.array(z.string()).parse(JSON.parse(campaigns));
}

/** A partner and its keys, without what they are made of. */
export function shownPartner(row: PartnerRow, keys: readonly PartnerKeyRow[]): z.output<typeof partnerSchema> {
  return {
    id: row.partner,
    name: row.name,
    campaigns: campaignsOf(row),
    updatedAt: instant(row.updatedAt),
    keys: keys.map(({ keyId, algorithm, createdAt, revokedAt }) => ({
      keyId,
      algorithm,
      createdAt: instant(createdAt),
      ...(revokedAt === null ? {} : { revokedAt: instant(revokedAt) }),
    })),
  };
}
