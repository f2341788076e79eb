import { useEffect, useState } from "preact/hooks";
import type { Player } from "../player.ts";
import { CampaignContext, type Campaign } from "./campaign.ts";
import { CardPage } from "./CardPage.tsx";
import { Skeleton } from "./Skeleton.tsx";
import { useLater } from "./use-later.ts";

interface AppProps {
  readonly campaign: Campaign;
  readonly player: Player;
}

export function App({ campaign, player }: AppProps) {
  const [state, setState] = useState(player.state);
  useEffect(() => {
    const follow = () => setState(player.state);
    follow();
    return player.subscribe(follow);
  }, [player]);
  return (
    <CampaignContext.Provider value={campaign}>
      <Page state={state} player={player} campaign={campaign} />
    </CampaignContext.Provider>
  );
}

function Page({ state, player, campaign }: AppProps & { readonly state: Player["state"] }) {
  const later = useLater(state.state !== "opening" || state.errand.reason !== null);
  const { boot, language, messages } = campaign;
  const skeleton = (
    <Skeleton boot={boot} language={language} label={messages.opening}>
      {later !== null && <later.Notice state={state} />}
    </Skeleton>
  );
  switch (state.state) {
    case "opening":
      return skeleton;
    case "covered":
    case "asking":
    case "loosened":
    case "revealed":
    case "thanks":
    case "redeeming":
      // Without its foil there is nothing to be seen of a card whose prize is not here yet.
      return state.state === "asking" && !state.foil ? skeleton : <CardPage state={state} player={player} later={later} />;
    case "lobby":
    case "drawing":
      return later === null ? skeleton : <later.LobbyPage state={state} player={player} />;
    case "rewarded":
      return later === null ? skeleton : <later.RewardPage state={state} player={player} />;
    case "outside":
    case "closed":
      return later === null ? (
        skeleton
      ) : (
        <later.AsidePage
          state={state}
          line={campaign.errands.line}
          campaign={campaign}
          tryAgain={() => player.send({ type: "returned", nowMs: Date.now(), awayMs: 0 })}
        />
      );
  }
}
