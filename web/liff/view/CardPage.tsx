import { useEffect, useState } from "preact/hooks";
import { errandOf, type State } from "../machine.ts";
import type { Player } from "../player.ts";
import { focusOn } from "./focus.ts";
import { ScratchPanel } from "./ScratchPanel.tsx";
import { Stage } from "./Stage.tsx";
import { Ticket } from "./Ticket.tsx";
import type { Later } from "./use-later.ts";
import { useCampaign } from "./campaign.ts";

/** A prize that takes longer than this is said to be on its way; sooner, the words would only flicker. */
const SLOW_MS = 700;

/** A card that was redeemed as it was revealed turns into its reward by itself; first its prize is looked at. */
const REDEEMED_LOOK_MS = 1_600;

export type CardState = Extract<State, { state: "covered" | "asking" | "loosened" | "revealed" | "thanks" | "redeeming" }>;

interface CardPageProps {
  readonly state: CardState;
  readonly player: Player;
  readonly later: Later | null;
}

/** The card, from whole foil to the button that redeems it. */
export function CardPage({ state, player, later }: CardPageProps) {
  const { messages } = useCampaign();
  const [byItself, setByItself] = useState(false);
  const [slow, setSlow] = useState(false);
  const won = "won" in state ? state.won : null;
  const foilIsOff =
    state.state === "revealed" || state.state === "thanks" || state.state === "redeeming" || (state.state === "asking" && !state.foil);

  const isAsking = state.state === "asking";
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [isAsking]);

  const touch = () => {
    player.scratchedTo(0);
    player.send({ type: "touched" });
  };
  return (
    <Stage
      card={
        <Ticket
          card={state.card}
          validity={state.state !== "thanks" && foilIsOff && won?.expiresAt && later && <later.Validity until={won.expiresAt} />}
        >
          <p class="invitation" role="status">
            {foilIsOff && won !== null ? messages.opened : slow ? messages.asking : messages.invitation}
          </p>
          <ScratchPanel
            foil={foilIsOff ? "off" : state.state === "loosened" && later !== null ? "loose" : "whole"}
            later={later}
            strokes={() => player.strokesOn(state.card.cardId)}
            byItself={byItself}
            onTouch={touch}
            onScratch={(percent) => player.scratchedTo(percent)}
            onLift={(strokes) => player.lifted(strokes)}
            onCleared={() => setTimeout(() => player.send({ type: "uncovered" }), isRedeemed(player.state) ? REDEEMED_LOOK_MS : 0)}
          >
            {won !== null && later !== null && <later.PrizeFace prize={won.prize} shown={foilIsOff} />}
          </ScratchPanel>
        </Ticket>
      }
    >
      <Verdict
        state={state}
        player={player}
        later={later}
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

function isRedeemed(state: State): boolean {
  return state.state === "loosened" && (state.won.state === "redeemed" || state.won.state === "used");
}

interface VerdictProps extends CardPageProps {
  readonly byItself: boolean;
  readonly scratchForMe: () => void;
}

/** What stands beside the card: what to do, what is going on, or what was won. */
function Verdict({ state, player, later, byItself, scratchForMe }: VerdictProps) {
  const { boot, messages, text } = useCampaign();
  const errand = errandOf(state)?.errand ?? null;
  // Who pressed the button to scratch was on it: the focus goes on to what came of it.
  const heading = byItself ? { tabIndex: -1, ref: focusOn } : {};
  switch (state.state) {
    case "covered":
    case "asking":
    case "loosened": {
      const busy = byItself || (state.state === "asking" && !state.foil);
      return (
        <section class="verdict" aria-live="polite">
          {errand !== null && errand.reason !== null && later !== null ? (
            <later.Notice state={state} takesFocus={byItself} />
          ) : (
            <button type="button" class="button button--quiet" aria-disabled={busy} onClick={scratchForMe}>
              {busy ? messages.asking : messages.scratchForMe}
            </button>
          )}
          {later !== null && errand?.reason == null && <later.SoundSwitch />}
        </section>
      );
    }
    case "revealed":
    case "redeeming":
      return (
        <section class="verdict" aria-live="polite">
          <h2 class="verdict__title" {...heading}>
            {messages.won.title}
            <span class="unseen"> {text(state.won.prize.name)}</span>
          </h2>
          {state.state === "redeeming" && state.errand.reason !== null && later !== null ? (
            <later.Notice state={state} />
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
          <h2 class="verdict__title" {...heading}>
            {messages.thanks.title}
          </h2>
          <p class="verdict__text">{boot.texts["thanks"] === undefined ? messages.thanks.text : text(boot.texts["thanks"])}</p>
          {later !== null && <later.Links />}
        </section>
      );
  }
}
