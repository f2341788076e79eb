import { z } from "@hono/zod-openapi";

/** A partner, or a key in PEM, is far below it. */
export const ADMIN_BODY_BYTES = 256 * 1024;

const MAX_ROWS_A_PAGE = 200;
const DEFAULT_ROWS_A_PAGE = 50;

export const campaignParams = z.object({ campaign: z.string() });
export const partnerParams = z.object({ partner: z.string() });
export const endpointParams = z.object({ partner: z.string(), endpoint: z.string() });
export const rowLimit = z.coerce.number().int().min(1).max(MAX_ROWS_A_PAGE).default(DEFAULT_ROWS_A_PAGE);
/** Rows older than this number; absent: the newest. */
export const olderThan = z.coerce.number().int().min(1).optional();
