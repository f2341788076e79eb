import { useState } from "preact/hooks";
import { useCampaign } from "./campaign.ts";
import { useLoaded } from "./use-loaded.ts";

/** Opens the user's own cards; the sheet that shows them is loaded then. */
export function OwnCardsButton() {
  const { messages } = useCampaign();
  const [sheet, load] = useLoaded(() => import("./OwnCardsSheet.tsx"));
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button button--quiet" aria-haspopup="dialog" onClick={() => void load().then(() => setOpen(true))}>
        {messages.ownCards.title}
      </button>
      {open && sheet !== null && <sheet.OwnCardsSheet onClose={() => setOpen(false)} />}
    </>
  );
}
