import type { PrizeKind } from "../../../durable-objects/protocol.ts";
import { Icon } from "./Icon.tsx";
import { Picture } from "./Picture.tsx";
import { PRIZE_DRAWINGS } from "./prize-drawings.ts";

interface PrizePictureProps {
  readonly prize: { readonly kind: PrizeKind; readonly image?: string };
  readonly class: string;
  readonly sizes: string;
  /** Of the medal that stands where there is no picture, or none that can be shown. */
  readonly medal?: string;
}

/** A prize's picture, or its kind's drawing on a medal. */
export function PrizePicture({ prize: { kind, image }, medal = "medal", ...rest }: PrizePictureProps) {
  const drawn = (
    <span class={medal}>
      <Icon drawing={PRIZE_DRAWINGS[kind]} />
    </span>
  );
  return image === undefined ? (
    drawn
  ) : (
    <Picture {...rest} image={image}>
      {drawn}
    </Picture>
  );
}
