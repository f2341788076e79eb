/** What nobody sees before the card can be touched: loaded after it. */
export { AsidePage, UnknownCampaign } from "./AsidePage.tsx";
export { celebrate } from "./celebrate.ts";
export { flakesOn } from "../scratch/flakes.ts";
export { pageFeel } from "../sound/page-feel.ts";
export { lineFailed } from "../line-failed.ts";
export { themeOf } from "../../../worker/player/theme.ts";
export { Links } from "./Links.tsx";
export { LobbyPage } from "./LobbyPage.tsx";
export { Notice } from "./Notice.tsx";
export { Outcome } from "./Outcome.tsx";
export { Picture } from "./Picture.tsx";
export { PrizeFace } from "./PrizeFace.tsx";
export { Prizes } from "./Prizes.tsx";
export { RewardPage } from "./RewardPage.tsx";
export { SoundSwitch } from "./SoundSwitch.tsx";
export { Terms } from "./Terms.tsx";
export { Validity } from "./Validity.tsx";
