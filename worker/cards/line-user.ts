import { z } from "zod";

/** LINE's own are `U` and 32 hexadecimal digits; a stand-in platform may name its users otherwise. */
export const lineUserIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, hyphens and underscores");
