import { imageKey } from "../pools/upload-key.ts";
import { IMAGE_WIDTHS } from "./widths.ts";

export interface ImageRequest {
  /** In the bucket of the campaigns. */
  readonly key: string;
  /** Null: as it was uploaded. */
  readonly width: number | null;
}

/** What `/images/{campaign}/{name}?w={width}` asks for; null where it can be no picture, or is a width that is not made. */
export function readImageRequest(campaign: string, name: string, w: string | undefined): ImageRequest | null {
  const key = imageKey(campaign, name);
  if (key === null) return null;
  if (w === undefined) return { key, width: null };
  const width = IMAGE_WIDTHS.find((made) => String(made) === w);
  return width === undefined ? null : { key, width };
}
