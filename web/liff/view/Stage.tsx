import type { ComponentChildren } from "preact";
import { useCampaign } from "./campaign.ts";

interface StageProps {
  readonly card: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The page: the card, and what stands below it, or on a wide screen beside it. */
export function Stage({ card, children }: StageProps) {
  const { boot, text } = useCampaign();
  return (
    <main class="stage">
      <div class="stage__card">{card}</div>
      <div class="stage__side">
        {children}
        {boot.texts["terms"] !== undefined && <footer class="small-print">{text(boot.texts["terms"])}</footer>}
      </div>
    </main>
  );
}
