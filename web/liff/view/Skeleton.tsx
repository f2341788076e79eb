import type { ComponentChildren } from "preact";
import type { Boot } from "../boot.ts";
import type { Language } from "../text/language.ts";
import { Heading } from "./Heading.tsx";
import { Stage } from "./Stage.tsx";

interface SkeletonProps {
  readonly boot: Boot;
  readonly language: Language;
  /** Says what is going on; empty while the page has no words yet. */
  readonly label: string;
  readonly children?: ComponentChildren;
}

/** The card's outline in the campaign's colours, until the card is there: of the same size, so that nothing moves when it comes. */
export function Skeleton({ boot, language, label, children }: SkeletonProps) {
  return (
    <Stage
      busy
      card={
        <div class="ticket ticket--skeleton">
          <div class="band">
            <span class="band__eyebrow bone">&emsp;&emsp;&emsp;&emsp;</span>
            <Heading boot={boot} language={language} />
          </div>
          <div class="ticket__lower">
            <span class="ticket__paper" />
            <div class="ticket__body">
              <p class="invitation" role="status">
                <span>{label}</span>
              </p>
              <div class="panel bone" />
            </div>
            <p class="ticket__foot">&nbsp;</p>
          </div>
        </div>
      }
    >
      <div class="verdict">{children}</div>
    </Stage>
  );
}
