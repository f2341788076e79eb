import type { ComponentChildren } from "preact";

interface StageProps {
  readonly card: ComponentChildren;
  readonly children?: ComponentChildren;
  /** Whether the card is yet to come. */
  readonly busy?: boolean;
}

/** The page: the card, and what stands below it, or on a wide screen beside it. */
export function Stage({ card, children, busy = false }: StageProps) {
  return (
    <main class="stage" aria-busy={busy}>
      <div class="stage__card">{card}</div>
      <div class="stage__side">{children}</div>
    </main>
  );
}
