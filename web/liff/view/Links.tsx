import { Another } from "./Another.tsx";
import { OwnCardsButton } from "./OwnCardsButton.tsx";
import { ShareButton } from "./ShareButton.tsx";

/** Where to go from here. `another`: to the deck, for another card. */
export function Links({ another = true }: { readonly another?: boolean }) {
  return (
    <div class="links">
      {another && <Another />}
      <OwnCardsButton />
      <ShareButton />
    </div>
  );
}
