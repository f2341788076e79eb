import { campaignIdSchema } from "../campaign/schema.ts";

/** What an object in the bucket is, by its key. */
export type UploadKey =
  | { readonly kind: "campaign"; readonly campaign: string; readonly object: string }
  | { readonly kind: "pool"; readonly campaign: string; readonly object: string; readonly segment: string }
  /** Below a campaign, but nothing that Kuji reads; or named by what is no campaign id. */
  | { readonly kind: "refused"; readonly campaign: string; readonly object: string; readonly code: "unknown_key" | "invalid_campaign_id" }
  /** Not ours, a picture, which is shown as it is, or what we put there ourselves. */
  | { readonly kind: "ignored" };

const ERRORS_SUFFIX = ".errors.json";
const CAMPAIGN_FILE = "campaign.json";
/** Segment names appear in events, in the ledger and in public commitments: plain letters, so that one name has one form. */
const POOL_FILE = /^pools\/([A-Za-z0-9][A-Za-z0-9._-]{0,99}\.csv)$/;

/** Pictures of a campaign, and their types. No SVG: it may carry a script. */
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  avif: "image/avif",
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};
const IMAGE_FOLDER = "images/";
const IMAGE_NAME = new RegExp(String.raw`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(?:${Object.keys(IMAGE_TYPES).join("|")})$`);

export function readUploadKey(object: string): UploadKey {
  const slash = object.indexOf("/");
  if (slash <= 0 || object.endsWith("/") || object.endsWith(ERRORS_SUFFIX)) return { kind: "ignored" };
  const campaign = object.slice(0, slash);
  const name = object.slice(slash + 1);
  const segment = POOL_FILE.exec(name)?.[1];
  if (!campaignIdSchema.safeParse(campaign).success) {
    const meant = name === CAMPAIGN_FILE || segment !== undefined;
    return meant ? { kind: "refused", campaign, object, code: "invalid_campaign_id" } : { kind: "ignored" };
  }
  if (name === CAMPAIGN_FILE) return { kind: "campaign", campaign, object };
  if (segment !== undefined) return { kind: "pool", campaign, object, segment };
  if (name.startsWith(IMAGE_FOLDER) && IMAGE_NAME.test(name.slice(IMAGE_FOLDER.length))) return { kind: "ignored" };
  return { kind: "refused", campaign, object, code: "unknown_key" };
}

export function campaignFileKey(campaign: string): string {
  return `${campaign}/${CAMPAIGN_FILE}`;
}

export function poolFileKey(campaign: string, segment: string): string {
  return `${campaign}/pools/${segment}`;
}

/** Where a campaign's picture of this name lies; null where there can be none. */
export function imageKey(campaign: string, name: string): string | null {
  return campaignIdSchema.safeParse(campaign).success && IMAGE_NAME.test(name) ? `${campaign}/${IMAGE_FOLDER}${name}` : null;
}

/** The media type of a picture, by the ending of its key. */
export function imageType(key: string): string {
  return IMAGE_TYPES[key.slice(key.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}

/** Where the faults of a refused object are written: `pools/first.csv` → `pools/first.errors.json`. */
export function errorsKey(key: Exclude<UploadKey, { kind: "ignored" }>): string {
  const base = key.kind === "refused" ? key.object : key.object.replace(/\.(csv|json)$/, "");
  return base + ERRORS_SUFFIX;
}
