import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { errandOf, isRedeemed, type State } from "../machine.ts";
import type { Player } from "../player.ts";
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
  const { boot, messages } = useCampaign();
  const [cleared, setCleared] = useState(false);
  const [byItself, setByItself] = useState(false);
  const [slow, setSlow] = useState(false);
  const won = "won" in state ? state.won : null;
  const foilIsOff = cleared || isFoilOff(state);

  // What takes the foil off may still be on its way, too.
  const isAsking = state.state === "asking" || (state.state === "loosened" && later === null);
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [isAsking]);

  const words = foilIsOff && won !== null ? messages.opened : slow ? messages.asking : messages.invitation;
  // The foil has come off before the user's eyes, which it does once: a later visit celebrates nothing. It ends before what comes after it is painted.
  useLayoutEffect(() => {
    if (!cleared || won === null) return undefined;
    const card = new AbortController();
    const isWin = won.prize.kind !== "none";
    if (isWin) void later?.celebrate(boot.theme.metal, card.signal);
    const timer = setTimeout(() => player.send({ type: "uncovered" }), isWin && isRedeemed(won) ? REDEEMED_LOOK_MS : 0);
    return () => {
      clearTimeout(timer);
      card.abort();
    };
  }, [cleared]);

  const touch = () => {
    player.scratchedTo(0);
    player.send({ type: "touched" });
  };
  return (
    <Stage
      card={
        <Ticket
          card={state.card}
          Picture={later?.Picture}
          validity={state.state !== "thanks" && foilIsOff && won?.expiresAt && later && <later.Validity until={won.expiresAt} />}
        >
          <p class="invitation" role="status">
            <span key={words}>{words}</span>
          </p>
          <ScratchPanel
            foil={isFoilOff(state) ? "off" : state.state === "loosened" && later !== null ? "loose" : "whole"}
            later={later}
            strokes={() => player.strokesOn(state.card.cardId)}
            byItself={byItself}
            onTouch={touch}
            onScratch={(percent) => player.scratchedTo(percent)}
            onLift={(strokes) => player.lifted(strokes)}
            onCleared={() => setCleared(true)}
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
        foilIsOff={foilIsOff}
        byItself={byItself}
        scratchForMe={() => {
          setByItself(true);
          touch();
        }}
      />
      {later !== null && (
        <>
          <later.Prizes />
          <later.Terms />
        </>
      )}
    </Stage>
  );
}

function isFoilOff({ state }: CardState): boolean {
  return state !== "covered" && state !== "asking" && state !== "loosened";
}

interface VerdictProps extends CardPageProps {
  readonly foilIsOff: boolean;
  readonly byItself: boolean;
  readonly scratchForMe: () => void;
}

/** What stands beside the card: what to do, what is going on, or what was won. */
function Verdict({ state, player, later, foilIsOff, byItself, scratchForMe }: VerdictProps) {
  const { messages } = useCampaign();
  const waits = (errandOf(state)?.errand.reason ?? null) !== null;
  const busy = byItself || foilIsOff;
  return (
    <section class="verdict" aria-live="polite">
      {later !== null && foilIsOff && "won" in state ? (
        <later.Outcome state={state} player={player} takesFocus={byItself} />
      ) : later !== null && waits ? (
        <later.Notice state={state} takesFocus={byItself} />
      ) : (
        <>
          <button type="button" class="button button--quiet" aria-disabled={busy} onClick={scratchForMe}>
            {busy ? messages.asking : messages.scratchForMe}
          </button>
          {later !== null && <later.SoundSwitch />}
        </>
      )}
    </section>
  );
}
