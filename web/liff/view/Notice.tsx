import type { Errand } from "../machine.ts";
import { useCampaign } from "./campaign.ts";
import { focusOn } from "./focus.ts";
import { CLOCK, CROWD, Icon, OFFLINE } from "./Icon.tsx";

const REASON_DRAWINGS = { busy: CROWD, offline: OFFLINE, trouble: CLOCK };

interface NoticeProps {
  readonly errand: Errand;
  /** It stands where the button was that the user pressed. */
  readonly takesFocus?: boolean;
}

/** Says kindly why it takes a moment; nothing where it does not. */
export function Notice({ errand, takesFocus = false }: NoticeProps) {
  const { messages } = useCampaign();
  const { reason } = errand;
  if (reason === null || reason === "on_its_way") return null;
  const { title, text } = messages.waiting[reason];
  return (
    <section class="notice" role="status">
      <span class="notice__icon">
        <Icon drawing={REASON_DRAWINGS[reason]} />
      </span>
      <div>
        <h2 class="notice__title" {...(takesFocus ? { tabIndex: -1, ref: focusOn } : {})}>
          {title}
        </h2>
        <p class="notice__text">{text}</p>
        <Dots />
      </div>
    </section>
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
