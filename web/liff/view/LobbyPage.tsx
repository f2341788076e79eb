import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { State } from "../machine.ts";
import type { Player } from "../player.ts";
import { formatMoment } from "../text/format.ts";
import { formatPeriod } from "../text/period.ts";
import { Countdown } from "./Countdown.tsx";
import { Guilloche } from "./Guilloche.tsx";
import { focusOn } from "./focus.ts";
import { Heading } from "./Heading.tsx";
import { Links } from "./Links.tsx";
import { Notice } from "./Notice.tsx";
import { Picture } from "./Picture.tsx";
import { Prizes } from "./Prizes.tsx";
import { Stage } from "./Stage.tsx";
import { Terms } from "./Terms.tsx";
import { Seal } from "./Ticket.tsx";
import { useCampaign } from "./campaign.ts";

type LobbyState = Extract<State, { state: "lobby" | "drawing" }>;

/** A deck of cards, and the button that draws one. */
export function LobbyPage({ state, player }: { readonly state: LobbyState; readonly player: Player }) {
  const { boot, language, messages } = useCampaign();
  const { startsAt, endsAt, timezone } = boot.dates;
  const { image } = boot.theme;
  const refusal = state.state === "lobby" ? state.refusal : null;
  const canDraw = refusal === null || refusal === "not_open";
  const [wasPressed, setPressed] = useState(false);
  const verdict = useRef<HTMLElement>(null);
  // The button goes as the card comes: the focus goes on to what can be pressed then.
  useLayoutEffect(
    () => () => {
      if (verdict.current?.contains(document.activeElement)) {
        requestAnimationFrame(() => focusOn(document.querySelector<HTMLElement>(".verdict button")));
      }
    },
    [],
  );
  const passage =
    refusal === null
      ? messages.lobby
      : refusal === "not_started"
        ? messages.notStarted(formatMoment(startsAt, language, timezone))
        : messages.refusals[refusal];
  const printed = (
    <>
      <Guilloche />
      <Seal />
    </>
  );
  return (
    <Stage
      card={
        <div class={`deck ${state.state === "drawing" ? "is-dealing" : ""}`}>
          <span class="deck__under" aria-hidden="true" />
          <span class="deck__under" aria-hidden="true" />
          <div class="deck__top">
            {image === undefined ? (
              printed
            ) : (
              <Picture class="deck__picture" image={image} sizes="400px">
                {printed}
              </Picture>
            )}
            <Heading boot={boot} language={language} />
            <p class="deck__period">{formatPeriod(startsAt, endsAt, language, timezone)}</p>
          </div>
        </div>
      }
    >
      <section ref={verdict} class="verdict" aria-live="polite">
        <h2 class="verdict__title" {...(wasPressed && !canDraw ? { tabIndex: -1, ref: focusOn } : {})}>
          {passage.title}
        </h2>
        {state.state === "drawing" && state.errand.reason !== null ? <Notice state={state} /> : <p class="verdict__text">{passage.text}</p>}
        {refusal === "not_started" && <Countdown startsAt={startsAt} onStarted={() => player.send({ type: "started" })} />}
        {canDraw && (
          <button
            type="button"
            class="button button--main"
            aria-disabled={state.state === "drawing"}
            onClick={() => {
              setPressed(true);
              player.send({ type: "draw_pressed" });
            }}
          >
            {state.state === "drawing" ? messages.drawing : refusal === null ? messages.draw : messages.tryAgain}
          </button>
        )}
        <Links another={false} />
      </section>
      <Prizes />
      <Terms />
    </Stage>
  );
}
