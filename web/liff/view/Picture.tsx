import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { sourcesOf } from "../picture.ts";

interface PictureProps {
  readonly class: string;
  readonly image: string;
  /** How wide it is on the screen, as CSS says it. */
  readonly sizes: string;
  /** What is shown where the picture cannot be: without it, its place is left empty. */
  readonly children?: ComponentChildren;
}

/** An operator's picture; what it shows is said beside it. */
export function Picture({ image, children, ...rest }: PictureProps) {
  const [missing, setMissing] = useState(false);
  if (missing) return children === undefined ? <span class={rest.class} /> : <>{children}</>;
  return <img {...rest} {...sourcesOf(image)} alt="" decoding="async" onError={() => setMissing(true)} />;
}
