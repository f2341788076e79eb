import { useEffect, useRef, useState } from "preact/hooks";
import type { OwnCard } from "../api.ts";
import { cardPath } from "../route.ts";
import { formatDay, formatEnd } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";
import { focusOn } from "./focus.ts";
import { Icon } from "./Icon.tsx";
import { PrizePicture } from "./PrizePicture.tsx";

const CROSS = "M6.5 6.500l11 11M17.5 6.500l-11 11";
/** Rows of the outline until the first cards are there. */
const BONES = 3;

type Progress = "loading" | "failed" | "ready";

/** The user's own cards, over the page; each leads to its card. */
export function OwnCardsSheet({ onClose }: { readonly onClose: () => void }) {
  const { errands, messages } = useCampaign();
  const words = messages.ownCards;
  const dialog = useRef<HTMLDialogElement>(null);
  const [cards, setCards] = useState<readonly OwnCard[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [progress, setProgress] = useState<Progress>("loading");
  /** The first card of the page that was asked for last: it takes the focus, for the button that had it may be gone. */
  const [firstMore, setFirstMore] = useState(-1);

  // A second press comes before the button has been painted as one that cannot be pressed.
  const isLoading = useRef(false);
  const load = async (cursor: string | null) => {
    if (isLoading.current) return;
    isLoading.current = true;
    setProgress("loading");
    const reply = await errands.ownCards(cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`);
    if (reply.ok) {
      if (cursor !== null) setFirstMore(cards.length);
      setCards((known) => [...known, ...reply.value.cards]);
      setNext(reply.value.next);
    }
    setProgress(reply.ok ? "ready" : "failed");
    isLoading.current = false;
  };
  useEffect(() => {
    dialog.current?.showModal();
    void load(null);
  }, []);

  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="own-cards"
      onClose={onClose}
      onClick={({ target }) => target === dialog.current && dialog.current?.close()}
    >
      <div class="sheet__paper">
        <header class="sheet__head">
          <h2 id="own-cards" class="sheet__title">
            {words.title}
          </h2>
          <button type="button" class="sheet__close" aria-label={words.close} onClick={() => dialog.current?.close()}>
            <Icon drawing={CROSS} />
          </button>
        </header>
        <ul class="sheet__list">
          {cards.map((card, i) => (
            <li key={card.cardId}>
              <OwnCardRow card={card} takesFocus={i === firstMore} />
            </li>
          ))}
        </ul>
        <div class="sheet__foot" role="status">
          {progress === "loading" && cards.length === 0 && <Bones label={messages.opening} />}
          {progress === "failed" && <p>{words.failed}</p>}
          {progress === "ready" && cards.length === 0 && <p>{words.none}</p>}
        </div>
        {(progress === "failed" || next !== null) && (
          <button type="button" class="button button--quiet" aria-disabled={progress === "loading"} onClick={() => void load(next)}>
            {progress === "failed" ? messages.tryAgain : words.more}
          </button>
        )}
      </div>
    </dialog>
  );
}

interface OwnCardRowProps {
  readonly card: OwnCard;
  readonly takesFocus: boolean;
}

function OwnCardRow({ card: { cardId, state, issuedAt, expiresAt, prize }, takesFocus }: OwnCardRowProps) {
  const { boot, language, messages, text } = useCampaign();
  const { timezone } = boot.dates;
  const waits = (state === "issued" || state === "revealed") && prize?.kind !== "none";
  const date =
    waits && expiresAt !== undefined
      ? messages.validUntil(formatEnd(expiresAt, language, timezone))
      : issuedAt !== undefined && formatDay(issuedAt, language, timezone);
  return (
    <a
      ref={takesFocus ? focusOn : null}
      class={`own-card ${waits ? "own-card--waits" : ""}`}
      href={cardPath(boot.campaign, cardId) + location.search}
    >
      {prize === undefined ? (
        <span class="own-card__foil" aria-hidden="true" />
      ) : (
        <PrizePicture prize={prize} class="prizes__image" sizes="40px" medal="medal medal--small" />
      )}
      <span>
        <b class="own-card__name">{prize === undefined ? messages.ownCards.unscratched : text(prize.name)}</b>
        <span class="own-card__date">{date}</span>
      </span>
      {prize?.kind !== "none" && <span class="own-card__state">{messages.ownCards.states[state]}</span>}
    </a>
  );
}

function Bones({ label }: { readonly label: string }) {
  return (
    <>
      <span class="unseen">{label}</span>
      {Array.from({ length: BONES }, (_, i) => (
        <span key={i} class="bone bone--row" />
      ))}
    </>
  );
}
