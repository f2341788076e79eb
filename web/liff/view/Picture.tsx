import { sourcesOf } from "../picture.ts";

interface PictureProps {
  readonly class: string;
  readonly image: string;
  /** How wide it is on the screen, as CSS says it. */
  readonly sizes: string;
}

/** An operator's picture; what it shows is said beside it. */
export function Picture({ image, ...rest }: PictureProps) {
  return <img {...rest} {...sourcesOf(image)} alt="" decoding="async" />;
}
