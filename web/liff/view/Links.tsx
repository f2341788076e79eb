import { Another } from "./Another.tsx";
import { OwnCardsButton } from "./OwnCardsButton.tsx";

/** Where to go from a card that is done. */
export function Links() {
  return (
    <div class="links">
      <Another />
      <OwnCardsButton />
    </div>
  );
}
