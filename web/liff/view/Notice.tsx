import { useState } from "preact/hooks";
import { errandOf, type State } from "../machine.ts";
import { readRoute } from "../route.ts";
import { formatWait } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";
import { focusOn } from "./focus.ts";
import { CLOCK, CROWD, Icon, OFFLINE } from "./Icon.tsx";
import { useCountdown } from "./use-countdown.ts";

const REASON_DRAWINGS = { busy: CROWD, offline: OFFLINE, trouble: CLOCK };

interface NoticeProps {
  readonly state: State;
  /** It stands where the button was that the user pressed. */
  readonly takesFocus?: boolean;
}

/** Says kindly why it takes a moment, and when it goes on; nothing where it does not wait. */
export function Notice({ state, takesFocus = false }: NoticeProps) {
  const { messages } = useCampaign();
  const { reason = null, untilMs = null } = errandOf(state)?.errand ?? {};
  if (reason === null || reason === "on_its_way") return null;
  const { title, text } = messages.waiting[reason];
  // The address of who has a card names it.
  const hasCard = (readRoute(location.pathname)?.cardId ?? null) !== null;
  return (
    <section class="notice" role="status">
      <span class="notice__icon">
        <Icon drawing={REASON_DRAWINGS[reason]} />
      </span>
      <div>
        <h2 class="notice__title" {...(takesFocus ? { tabIndex: -1, ref: focusOn } : {})}>
          {title}
        </h2>
        <p class="notice__text">{hasCard ? text : messages.waitingToDraw[reason]}</p>
        {untilMs === null ? <Dots /> : <NextTry key={untilMs} untilMs={untilMs} />}
      </div>
    </section>
  );
}

/** Counts down to the next try. It is seen only: read aloud, each second would be an interruption. */
function NextTry({ untilMs }: { readonly untilMs: number }) {
  const { language, messages } = useCampaign();
  const [waitMs] = useState(() => untilMs - Date.now());
  // A clock that was set back meanwhile makes no wait longer.
  const seconds = Math.min(useCountdown(untilMs), Math.ceil(waitMs / 1_000));
  return (
    <p class="notice__next" aria-hidden="true">
      <span class="notice__bar">
        <i style={{ animationDuration: `${waitMs}ms` }} />
      </span>
      {messages.nextTry(formatWait(seconds, language))}
    </p>
  );
}

export function Dots() {
  return (
    <span class="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}
