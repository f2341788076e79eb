import type { Boot } from "../boot.ts";
import { localText, type Language } from "../text/language.ts";

/** A title as wide as this many Latin letters is set smaller. */
const LONG_TITLE = 26;

/** The campaign's name, and the operator's words below it. Before and after the card is there: of the same height. */
export function Heading({ boot: { title, texts }, language }: { readonly boot: Boot; readonly language: Language }) {
  const name = localText(title, language);
  const intro = localText(texts["intro"], language);
  return (
    <>
      <h1 class={`band__title ${widthOf(name) > LONG_TITLE ? "band__title--long" : ""}`}>{name}</h1>
      {intro !== "" && <p class="band__intro">{intro}</p>}
    </>
  );
}

/** In Latin letters: those of East Asia are twice as wide. */
function widthOf(text: string): number {
  return text.replaceAll(/[\u1100-\uffff]/g, "--").length;
}
