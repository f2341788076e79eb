import { useState } from "preact/hooks";
import { useCampaign } from "./campaign.ts";
import { OwnCardsSheet } from "./OwnCardsSheet.tsx";

/** Opens the user's own cards. */
export function OwnCardsButton() {
  const { messages } = useCampaign();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button button--quiet" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {messages.ownCards.title}
      </button>
      {open && <OwnCardsSheet onClose={() => setOpen(false)} />}
    </>
  );
}
