import { useEffect, useState } from "preact/hooks";
import { errandOf, type State } from "../machine.ts";
import type { Player } from "../player.ts";
import { Notice } from "./Notice.tsx";
import { ScratchPanel } from "./ScratchPanel.tsx";
import { Stage } from "./Stage.tsx";
import { Ticket } from "./Ticket.tsx";
import type { Later } from "./use-later.ts";
import { useCampaign, wantsStillness } from "./campaign.ts";

export type CardState = Extract<State, { state: "covered" | "asking" | "loosened" | "revealed" | "thanks" | "redeeming" }>;

interface CardPageProps {
  readonly state: CardState;
  readonly player: Player;
  readonly later: Later | null;
}

/** The card, from whole foil to the button that redeems it. */
export function CardPage({ state, player, later }: CardPageProps) {
  const { messages, theme } = useCampaign();
  const [byItself, setByItself] = useState(false);
  const won = "won" in state ? state.won : null;
  const foilIsOff =
    state.state === "revealed" || state.state === "thanks" || state.state === "redeeming" || (state.state === "asking" && !state.foil);

  const isWin = state.state === "revealed";
  useEffect(() => {
    if (isWin && !wantsStillness()) void later?.celebrate(theme.metal);
  }, [isWin]);

  const touch = () => {
    player.scratchedTo(0);
    player.send({ type: "touched" });
  };
  return (
    <Stage
      card={
        <Ticket card={state.card}>
          <p class="invitation">{foilIsOff && won !== null ? messages.opened : messages.invitation}</p>
          <ScratchPanel
            foil={foilIsOff ? "off" : state.state === "loosened" && later !== null ? "loose" : "whole"}
            byItself={byItself}
            onTouch={touch}
            onScratch={(percent) => player.scratchedTo(percent)}
            onCleared={() => player.send({ type: "uncovered" })}
          >
            {won !== null && later !== null && <later.PrizeFace prize={won.prize} shown={foilIsOff} />}
          </ScratchPanel>
        </Ticket>
      }
    >
      <Verdict
        state={state}
        player={player}
        byItself={byItself}
        scratchForMe={() => {
          setByItself(true);
          touch();
        }}
      />
      {later !== null && <later.Prizes />}
    </Stage>
  );
}

interface VerdictProps {
  readonly state: CardState;
  readonly player: Player;
  readonly byItself: boolean;
  readonly scratchForMe: () => void;
}

/** What stands beside the card: what to do, what is going on, or what was won. */
function Verdict({ state, player, byItself, scratchForMe }: VerdictProps) {
  const { boot, messages, text } = useCampaign();
  const errand = errandOf(state)?.errand ?? null;
  switch (state.state) {
    case "covered":
    case "asking":
    case "loosened": {
      const busy = byItself || (state.state === "asking" && !state.foil);
      return (
        <section class="verdict" aria-live="polite">
          {errand !== null && errand.reason !== null ? (
            <Notice errand={errand} />
          ) : (
            <button type="button" class="button button--quiet" disabled={busy} onClick={scratchForMe}>
              {busy ? messages.asking : messages.scratchForMe}
            </button>
          )}
        </section>
      );
    }
    case "revealed":
    case "redeeming":
      return (
        <section class="verdict" aria-live="polite">
          <h2 class="verdict__title">
            {messages.won.title}
            <span class="unseen"> {text(state.won.prize.name)}</span>
          </h2>
          {state.state === "redeeming" && state.errand.reason !== null ? (
            <Notice errand={state.errand} />
          ) : (
            <p class="verdict__text">{messages.won.text}</p>
          )}
          <button
            type="button"
            class="button button--main"
            aria-disabled={state.state === "redeeming"}
            onClick={() => player.send({ type: "redeem_pressed" })}
          >
            {state.state === "redeeming" ? messages.redeeming : messages.redeem}
          </button>
        </section>
      );
    case "thanks":
      return (
        <section class="verdict" aria-live="polite">
          <h2 class="verdict__title">{messages.thanks.title}</h2>
          <p class="verdict__text">{boot.texts["thanks"] === undefined ? messages.thanks.text : text(boot.texts["thanks"])}</p>
        </section>
      );
  }
}
