import { z } from "zod";
import { isFreeName } from "./free-name.ts";
import { Problem } from "./problem.ts";

/** A secret shorter than this is not one. */
const MIN_SECRET_LENGTH = 32;

const secret = z.string().min(MIN_SECRET_LENGTH, `at least ${MIN_SECRET_LENGTH} characters`);
const previous = secret.optional();
const url = z.url({ protocol: /^https?$/ });

/** LINE names a limit for some endpoints (2,000 a second) and none for others, and forbids to look for it: this is far from any. */
const DEFAULT_LINE_PERMITS_PER_SECOND = 50;
const MAX_LINE_PERMITS_PER_SECOND = 2_000;

const rewardProviders = z.record(
  z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .refine(isFreeName),
  z.strictObject({
    url,
    permitsPerSecond: z.number().positive().max(10_000),
    /** Where it lists what it has granted, for reconciliation; without it the two are not compared. */
    listUrl: url.optional(),
  }),
);

const settingsSchema = z.object({
  LINE_ISSUER: z.string().min(1),
  LINE_CERTS_URL: url,
  LINE_API_URL: url,
  /** Calls a second to each of LINE's endpoints that hand prizes over. */
  LINE_PERMITS_PER_SECOND: z.coerce.number().positive().max(MAX_LINE_PERMITS_PER_SECOND).default(DEFAULT_LINE_PERMITS_PER_SECOND),
  ACCESS_ISSUER: z.string().min(1),
  ACCESS_CERTS_URL: url,
  ACCESS_AUDIENCE: z.string().min(1),
  PUBLIC_ORIGIN: url,
  /** Where the development page gets its stand-in LINE token; empty or absent in production. */
  SANDBOX_ORIGIN: z.union([url, z.literal("")]).default(""),
  REWARD_PROVIDERS: z
    .string()
    .transform((text, ctx): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        ctx.addIssue({ code: "custom", message: "not JSON" });
        return z.NEVER;
      }
    })
    .pipe(rewardProviders),
  CARD_KEY: secret,
  CARD_KEY_PREVIOUS: previous,
  SESSION_KEY: secret,
  SESSION_KEY_PREVIOUS: previous,
  PARTNER_KEY: secret,
  PARTNER_KEY_PREVIOUS: previous,
  WEBHOOK_SECRET: z.string().startsWith("whsec_", "whsec_ and base64, as Standard Webhooks writes it"),
  WEBHOOK_SECRET_PREVIOUS: z.string().startsWith("whsec_").optional(),
  LINE_CHANNEL_ACCESS_TOKEN: z.string().min(1),
});

export type Settings = z.output<typeof settingsSchema>;

const validated = new WeakMap<Env, Settings>();

/** The settings of this isolate, validated once. Throws `setting_missing` with the names (never the values) of those that are missing or malformed. */
export function settings(env: Env): Settings {
  const known = validated.get(env);
  if (known !== undefined) return known;
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    const errors = parsed.error.issues.map((issue) => ({ at: issue.path.join("."), message: issue.message }));
    const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
    throw new Problem("setting_missing", `setting ${names.join(", ")} is missing or malformed`, { errors });
  }
  validated.set(env, parsed.data);
  return parsed.data;
}
