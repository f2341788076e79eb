import { useLayoutEffect, useRef } from "preact/hooks";
import type { Prize } from "../api.ts";
import { formatMoney } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";
import { fit } from "./fit.ts";
import { PrizePicture } from "./PrizePicture.tsx";

/** A name this long is set smaller. */
const LONG_NAME = 12;

/** What lies under the foil. */
export function PrizeFace({ prize, shown }: { readonly prize: Prize; readonly shown: boolean }) {
  const { boot, language, text } = useCampaign();
  const name = text(prize.name);
  const value = boot.prizes.find(({ id }) => id === prize.id)?.value;
  const large = value === undefined ? name : formatMoney(value, language);
  const face = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => (face.current === null ? undefined : fit(face.current)), []);
  return (
    <div ref={face} class={`prize ${prize.kind === "none" ? "prize--none" : "prize--won"} ${shown ? "is-shown" : ""}`} aria-hidden={!shown}>
      <PrizePicture prize={prize} class="prize__image" sizes="160px" />
      <p class={`prize__name ${large.length > LONG_NAME ? "prize__name--long" : ""}`}>{large}</p>
      {large !== name && <p class="prize__small">{name}</p>}
    </div>
  );
}
