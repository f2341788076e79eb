import { isRedeemed, type State } from "../machine.ts";
import type { Player } from "../player.ts";
import { focusOn } from "./focus.ts";
import { Links } from "./Links.tsx";
import { Notice } from "./Notice.tsx";
import { useCampaign } from "./campaign.ts";

/** Of a card whose foil has just come off, or did so before. */
type UncoveredState = Extract<State, { state: "loosened" | "revealed" | "redeeming" | "thanks" }>;

interface OutcomeProps {
  readonly state: UncoveredState;
  readonly player: Player;
  /** Who pressed the button to scratch was on it: the focus goes on to what came of it. */
  readonly takesFocus: boolean;
}

/** What was won, and the button that redeems it, where one has to; or the thanks. */
export function Outcome({ state, player, takesFocus }: OutcomeProps) {
  const { boot, messages, text } = useCampaign();
  const heading = takesFocus ? { tabIndex: -1, ref: focusOn } : {};
  if (state.won.prize.kind === "none") {
    return (
      <>
        <h2 class="verdict__title" {...heading}>
          {messages.thanks.title}
        </h2>
        <p class="verdict__text">{boot.texts["thanks"] === undefined ? messages.thanks.text : text(boot.texts["thanks"])}</p>
        <Links />
      </>
    );
  }
  const isRedeeming = state.state === "redeeming";
  return (
    <>
      <h2 class="verdict__title" {...heading}>
        {messages.won.title}
        <span class="unseen"> {text(state.won.prize.name)}</span>
      </h2>
      {!isRedeemed(state.won) && (
        <>
          {isRedeeming && state.errand.reason !== null ? <Notice state={state} /> : <p class="verdict__text">{messages.won.text}</p>}
          <button
            type="button"
            class="button button--main"
            aria-disabled={isRedeeming}
            onClick={() => player.send({ type: "redeem_pressed" })}
          >
            {isRedeeming ? messages.redeeming : messages.redeem}
          </button>
        </>
      )}
    </>
  );
}
