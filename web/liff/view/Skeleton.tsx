import type { ComponentChildren } from "preact";

interface SkeletonProps {
  readonly title: string;
  readonly label: string;
  readonly children?: ComponentChildren;
}

/** The card's outline in the campaign's colours, until the card is there. */
export function Skeleton({ title, label, children }: SkeletonProps) {
  return (
    <main class="stage" aria-busy="true">
      <div class="stage__card">
        <div class="ticket ticket--skeleton">
          <div class="band">
            <span class="bone bone--eyebrow" />
            <h1 class="band__title">{title}</h1>
          </div>
          <div class="ticket__lower">
            <span class="ticket__paper" />
            <div class="ticket__body">
              <span class="bone bone--line" />
              <div class="panel bone" />
            </div>
          </div>
        </div>
      </div>
      {children}
      <p class="opening" role="status">
        {label}
      </p>
    </main>
  );
}
