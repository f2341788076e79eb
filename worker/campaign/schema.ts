import { z } from "zod";
import "../wording.ts";
import { PRIZE_KINDS } from "../../durable-objects/protocol.ts";
import { isFreeName } from "../free-name.ts";
import type { CampaignFaultCode } from "./faults.ts";
import { KIND_PARAMS } from "./kind-params.ts";

/** Draws a second that one issuer is given; the declared peak divided by it is the number of shards. */
const DRAWS_PER_SECOND_PER_SHARD = 300;
/** Two bytes of a card id name the shard; beyond this the pool could not push a pause within its bounds. */
export const MAX_SHARDS = 512;
/** Shards that settle in one D1 database: 3,000 draws a second, some 10,000 events. Simulated with twice the time measured, one applies 24,000 (BENCHMARKS.md). */
const SHARDS_PER_LEDGER = 10;
const MAX_PRIZES = 256;
const MS_PER_HOUR = 3_600_000;
const MIN_CARD_TTL_MS = 1_000;

export const campaignIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,62}$/, "must be 2 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen");
const prizeIdSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    "must be 1 to 63 lower-case letters, digits, hyphens and underscores, beginning with a letter or digit",
  )
  .refine(isFreeName, "must be another name: this one is reserved");

const languageTag = z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "must be a BCP 47 language tag, such as zh-TW");
const text = z
  .record(languageTag, z.string().max(500).regex(/\S/, "must not be blank"))
  .refine((value) => Object.keys(value).length > 0, "must be there in at least one language");
const colour = z.string().regex(/^#[0-9a-fA-F]{6}$/, "must be a colour as #rrggbb");
const instant = z.iso.datetime({ offset: true });
/** Shown by the page as it stands here: nothing but an address. */
const imageRef = z
  .string()
  .max(500)
  .regex(/^(https:\/\/|\/(?!\/))[^\s"'()<>\\]*$/, "must be an https address, or a path beginning with /");

/** A name of the IANA database, which begins with a letter; `Intl` takes offsets such as `+08:00` too. */
const timezone = z.string().refine((value) => {
  try {
    return /^[A-Za-z]/.test(value) && new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}, "must be an IANA time zone, such as Asia/Taipei, and is not");

const money = z.strictObject({
  amount: z.int().nonnegative(),
  currency: z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code, such as TWD"),
});

const prize = z.strictObject({
  id: prizeIdSchema,
  kind: z.enum(PRIZE_KINDS),
  name: text,
  description: text.optional(),
  image: imageRef.optional(),
  value: money.optional(),
  params: z.record(z.string(), z.unknown()).optional(),
});

interface ParamsFault {
  readonly path: readonly PropertyKey[];
  readonly code: CampaignFaultCode;
  readonly message: string;
}

/** What is wrong with a prize's params, for its kind. */
function paramsFaults({ kind, params = {} }: Pick<z.output<typeof prize>, "kind" | "params">): ParamsFault[] {
  const issues = KIND_PARAMS[kind]?.safeParse(params).error?.issues ?? [];
  return issues.flatMap((issue): ParamsFault[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...issue.path, key], code: "unknown_field", message: `a ${kind} prize has no such param` }));
    }
    const { path } = issue;
    return [
      valueAt(params, path) === undefined
        ? { path, code: "missing_param", message: `a ${kind} prize names its ${String(path.at(-1))}` }
        : { path, code: "invalid_param", message: issue.message },
    ];
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[step], value);
}

const limit = z.int().min(1).max(1_000_000);

/** How the cards of one uploaded file come into play, where that is not all at once. */
const poolOptions = z.strictObject({
  leftover: z.enum(["roll-over", "withhold"]).default("withhold"),
  repeat: z.boolean().default(false),
  maxDecks: z.int().min(1).max(1_000_000).optional(),
  moments: z.strictObject({ from: instant, to: instant }).optional(),
});

const poolFileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.csv$/, "must be the name of a file in pools/, such as daily.csv");

/** `campaign.json`, as an operator uploads it. Unknown fields are refused; what contradicts itself is refused with its place. */
export const campaignFileSchema = z
  .strictObject({
    id: campaignIdSchema,
    title: text,
    texts: z.record(z.string(), text).optional(),
    timezone,
    startsAt: instant,
    endsAt: instant,
    cardTtlHours: z
      .number()
      .positive()
      .max(24 * 366)
      .refine((hours) => hoursToMs(hours) >= MIN_CARD_TTL_MS, "must be a second at least, which is 0.00028 hours")
      .optional(),
    line: z.strictObject({
      channelId: z.string().regex(/^\d{1,20}$/, "must be the id of a LINE Login channel: digits, as a text"),
      liffId: z.string().regex(/^\d{1,20}-[A-Za-z0-9]{1,20}$/, "must be the id of a LIFF app, such as 2000000000-abcdefgh"),
    }),
    expectedPeakPerSecond: z
      .number()
      .positive()
      .max(MAX_SHARDS * DRAWS_PER_SECOND_PER_SHARD),
    limits: z.strictObject({ perRecipient: limit.optional(), perRecipientPerDay: limit.optional() }).default({}),
    selfService: z.boolean().default(false),
    autoRedeem: z.boolean().default(false),
    returnStock: z
      .strictObject({ onVoid: z.boolean().default(false), onExpiry: z.boolean().default(false) })
      .default({ onVoid: false, onExpiry: false }),
    fallback: prizeIdSchema.optional(),
    prizes: z.array(prize).min(1).max(MAX_PRIZES),
    pools: z.record(poolFileName, poolOptions).default({}),
    theme: z
      .strictObject({
        base: z.enum(["festival", "line"]).optional(),
        accent: colour.optional(),
        background: colour.optional(),
        cover: z.enum(["gold", "silver", "green", "red"]).optional(),
        image: imageRef.optional(),
      })
      .default({}),
  })
  .superRefine((file, ctx) => {
    const fault = (path: PropertyKey[], code: CampaignFaultCode, message: string) =>
      ctx.addIssue({ code: "custom", path, message, params: { code } });
    if (Date.parse(file.endsAt) <= Date.parse(file.startsAt)) fault(["endsAt"], "ends_before_start", "the campaign ends before it starts");
    const seen = new Set<string>();
    for (const [i, one] of file.prizes.entries()) {
      if (seen.has(one.id)) fault(["prizes", i, "id"], "duplicate_prize", `prize ${one.id} is named twice`);
      seen.add(one.id);
      for (const { path, code, message } of paramsFaults(one)) fault(["prizes", i, "params", ...path], code, message);
    }
    const fallback = file.prizes.find(({ id }) => id === file.fallback);
    if (file.fallback !== undefined && fallback === undefined)
      fault(["fallback"], "unknown_fallback", `the fallback prize ${file.fallback} is not among the prizes`);
    if (fallback?.kind === "code") fault(["fallback"], "fallback_has_codes", "the fallback prize is unlimited, and codes are not");
    for (const [name, { repeat, maxDecks, moments }] of Object.entries(file.pools)) {
      const impossible = (field: string, message: string) => fault(["pools", name, field], "schedule_impossible", message);
      if (maxDecks !== undefined && !repeat) impossible("maxDecks", "only a deck that repeats has a number of decks");
      if (moments === undefined) continue;
      if (repeat) impossible("repeat", "winning moments come once");
      const [from, to] = [Date.parse(moments.from), Date.parse(moments.to)];
      if (to <= from) impossible("moments", "the window of the winning moments ends before it begins");
      if (from < Date.parse(file.startsAt) || to > Date.parse(file.endsAt))
        impossible("moments", "the window of the winning moments is not within the campaign");
      if (file.fallback === undefined)
        impossible("moments", "between winning moments there is nothing to deal but a fallback, and the file names none");
    }
    const { perRecipient, perRecipientPerDay } = file.limits;
    if (perRecipient !== undefined && perRecipientPerDay !== undefined && perRecipientPerDay > perRecipient)
      fault(["limits", "perRecipientPerDay"], "limits_contradict", "more a day than in all");
  });

/** In whole milliseconds. */
export function hoursToMs(hours: number): number {
  return Math.round(hours * MS_PER_HOUR);
}

export type CampaignFile = z.output<typeof campaignFileSchema>;
export type Prize = CampaignFile["prizes"][number];

/** Number of issuers for a declared peak. */
export function shardsForPeak(expectedPeakPerSecond: number): number {
  return Math.min(MAX_SHARDS, Math.max(1, Math.ceil(expectedPeakPerSecond / DRAWS_PER_SECOND_PER_SHARD)));
}

/** Number of ledgers for so many shards, of those that are bound. */
export function ledgersForShards(shards: number, bound: number): number {
  return Math.min(bound, Math.ceil(shards / SHARDS_PER_LEDGER));
}

/** What KV holds of a published campaign: `campaign:<id>`. `shards` is a hint until the campaign is open; the issuer knows better. */
export interface CampaignSnapshot {
  readonly file: CampaignFile;
  readonly version: number;
  readonly shards: number;
  /** Null until the campaign has been opened, and the number cannot change any more. */
  readonly ledgers: number | null;
}
