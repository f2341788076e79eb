import { mayReopen, type ClosedReason, type State } from "../machine.ts";
import type { Line } from "../line.ts";
import { localText } from "../text/language.ts";
import { focusOn } from "./focus.ts";
import { CLOCK, Icon, OFFLINE } from "./Icon.tsx";
import { CLOVER, TICKET } from "./prize-drawings.ts";
import { Links } from "./Links.tsx";
import { QrCode } from "./QrCode.tsx";
import type { Campaign } from "./campaign.ts";

const SEARCH = "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.3 15.3 20 20M8.5 8.500l4 4M12.5 8.500l-4 4";
const DOOR = "M14 4h4a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-4M4.5 12h10M11 8.500l3.5 3.5-3.5 3.5";

const CLOSED_DRAWINGS: Readonly<Record<ClosedReason, string>> = {
  campaign_not_found: SEARCH,
  card_not_found: SEARCH,
  card_expired: CLOCK,
  card_voided: TICKET,
  campaign_state: CLOCK,
  unreachable: OFFLINE,
  broken: CLOVER,
};

/** Where this card is none, another one may be. */
const CARDLESS: readonly ClosedReason[] = ["card_not_found", "card_expired", "card_voided"];

type AsideState = Extract<State, { state: "closed" | "outside" }>;

/** Where there is no card to show: what happened, and what can be done. `campaign.boot` is null where the campaign is unknown. */
export function AsidePage({
  state,
  line,
  campaign,
  tryAgain,
}: {
  readonly state: AsideState;
  readonly line: Line | null;
  readonly campaign: AsideCampaign;
  readonly tryAgain: () => void;
}) {
  const { boot, language, messages } = campaign;
  const { title, text } = state.state === "closed" ? messages.closed[state.reason] : messages.outside[state.reason];
  return (
    <main class="aside">
      <span class="aside__medal medal">
        <Icon drawing={state.state === "closed" ? CLOSED_DRAWINGS[state.reason] : DOOR} />
      </span>
      {boot !== null && <p class="aside__campaign">{localText(boot.title, language)}</p>}
      <h1 class="aside__title" tabIndex={-1} ref={focusOn}>
        {title}
      </h1>
      <p class="aside__text">{text}</p>
      {mayReopen(state) && (
        <button type="button" class="button button--main" onClick={tryAgain}>
          {messages.tryAgain}
        </button>
      )}
      {state.state === "closed" && boot !== null && CARDLESS.includes(state.reason) && <Links />}
      {state.state === "outside" && boot !== null && (
        <>
          <a class="button button--main" href={linkInLine(boot.liffId)}>
            {messages.openInLine}
          </a>
          {line?.signIn && !line.inLine && (
            <button type="button" class="button button--quiet" onClick={line.signIn}>
              {messages.signIn}
            </button>
          )}
          {state.reason === "not_in_line" && (
            <figure class="aside__qr">
              <QrCode data={linkInLine(boot.liffId)} />
              <figcaption>{messages.scanToOpen}</figcaption>
            </figure>
          )}
        </>
      )}
    </main>
  );
}

/** Where the address is of no campaign that there is. */
export function UnknownCampaign(words: Pick<Campaign, "language" | "messages">) {
  return (
    <AsidePage
      state={{ state: "closed", reason: "campaign_not_found" }}
      line={null}
      campaign={{ ...words, boot: null }}
      tryAgain={() => location.reload()}
    />
  );
}

/** This page, as LINE opens it. */
function linkInLine(liffId: string): string {
  return `https://liff.line.me/${liffId}${location.pathname}`;
}

type AsideCampaign = Pick<Campaign, "language" | "messages"> & { readonly boot: Campaign["boot"] | null };
