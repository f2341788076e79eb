import type { ComponentChildren } from "preact";

interface StageProps {
  readonly card: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The page: the card, and what stands below it, or on a wide screen beside it. */
export function Stage({ card, children }: StageProps) {
  return (
    <main class="stage">
      <div class="stage__card">{card}</div>
      <div class="stage__side">{children}</div>
    </main>
  );
}
