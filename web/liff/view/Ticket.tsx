import type { ComponentChildren } from "preact";
import type { Card } from "../api.ts";
import { formatPeriod } from "../text/period.ts";
import { Guilloche } from "./Guilloche.tsx";
import { Heading } from "./Heading.tsx";
import type { Picture as AnyPicture } from "./Picture.tsx";
import { useCampaign } from "./campaign.ts";

interface TicketProps {
  readonly card?: Card;
  /** Shows the operator's picture, once it is here. */
  readonly Picture?: typeof AnyPicture | undefined;
  /** In the place of the campaign's dates. */
  readonly validity?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The printed card: a band with the campaign's title, a perforation, and what this view puts below it. */
export function Ticket({ card, Picture, validity, children }: TicketProps) {
  const { boot, language, messages } = useCampaign();
  const { startsAt, endsAt, timezone } = boot.dates;
  return (
    <article class="ticket">
      <header class="band">
        <Guilloche />
        <p class="band__eyebrow">{messages.eyebrow}</p>
        <Heading boot={boot} language={language} />
        {boot.theme.image === undefined ? (
          <Seal />
        ) : (
          Picture && (
            <Picture class="seal seal--picture" image={boot.theme.image} sizes="72px">
              <Seal />
            </Picture>
          )
        )}
      </header>
      <div class="ticket__lower">
        <span class="ticket__paper" aria-hidden="true" />
        <div class="ticket__body">{children}</div>
        {card !== undefined && (
          <footer class="ticket__foot">
            <span class="serial">
              {messages.serial} {serialOf(card.cardId)}
            </span>
            {validity || <span>{formatPeriod(startsAt, endsAt, language, timezone)}</span>}
          </footer>
        )}
      </div>
    </article>
  );
}

/** The last characters of the card's id: enough for two people to speak of the same card, too few to be it. */
function serialOf(cardId: string): string {
  return cardId
    .replaceAll(/[^a-z\d]/gi, "")
    .slice(-8)
    .toUpperCase()
    .replace(/(.{4})/, "$1 ");
}

const SCALLOPS = 20;
const SEAL_EDGE = Array.from({ length: SCALLOPS * 8 + 1 }, (_, i) => {
  const turn = (i / (SCALLOPS * 8)) * 2 * Math.PI;
  const r = 46 + 3.2 * Math.cos(SCALLOPS * turn);
  return `${(50 + r * Math.cos(turn)).toFixed(1)} ${(50 + r * Math.sin(turn)).toFixed(1)}`;
}).join("L");

export function Seal() {
  return (
    <svg class="seal" viewBox="0 0 100 100" aria-hidden="true">
      <defs>
        <linearGradient id="seal-metal" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" class="metal-glint" />
          <stop offset=".35" class="metal-mid" />
          <stop offset=".55" class="metal-light" />
          <stop offset="1" class="metal-dark" />
        </linearGradient>
      </defs>
      <path d={`M${SEAL_EDGE}Z`} fill="url(#seal-metal)" />
      <circle cx="50" cy="50" r="37" class="seal__ring" />
      <circle cx="50" cy="50" r="33.5" class="seal__ring" stroke-dasharray="1 3" />
      <path class="seal__star" d="M50 25 56 42 74 42 60 53 65 70 50 60 35 70 40 53 26 42 44 42Z" />
    </svg>
  );
}
