import { storeOf } from "../memory.ts";
import { wantsStillness } from "../view/campaign.ts";
import { feelOf } from "./feel.ts";
import { instrumentOf } from "./instrument.ts";

/** The one phone that this page is on. */
export const pageFeel = feelOf(
  instrumentOf(navigator),
  storeOf(() => localStorage),
  wantsStillness(),
  () => performance.now(),
);

// Which of the two counts as a touch differs from browser to browser.
for (const event of ["pointerdown", "pointerup"]) addEventListener(event, () => pageFeel.touched());
