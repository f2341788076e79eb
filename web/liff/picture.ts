import { IMAGE_WIDTHS } from "../../worker/images/widths.ts";

/** Pictures that the Worker makes narrower; those at other addresses are what they are. */
const OURS = "/images/";
/** For a browser that chooses none. */
const USUAL_WIDTH = 640;

/** What an `<img>` loads: of a picture of ours as many pixels as its place on this screen has. */
export function sourcesOf(image: string): { readonly src: string; readonly srcset?: string } {
  if (!image.startsWith(OURS)) return { src: image };
  const at = (width: number) => `${image}?w=${width}`;
  return { src: at(USUAL_WIDTH), srcset: IMAGE_WIDTHS.map((width) => `${at(width)} ${width}w`).join(",") };
}
