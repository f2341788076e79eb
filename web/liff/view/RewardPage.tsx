import { Fragment, type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Reward } from "../api.ts";
import type { State } from "../machine.ts";
import type { Player } from "../player.ts";
import { formatMoney } from "../text/format.ts";
import type { DeliveredKind } from "../text/messages.ts";
import { Dots } from "./Notice.tsx";
import { copy, copySelection } from "./copy.ts";
import { focusOn } from "./focus.ts";
import { CLOCK, Icon } from "./Icon.tsx";
import { Links } from "./Links.tsx";
import { Picture } from "./Picture.tsx";
import { PrizePicture } from "./PrizePicture.tsx";
import { QrCode } from "./QrCode.tsx";
import { Stage } from "./Stage.tsx";
import { Terms } from "./Terms.tsx";
import { Ticket } from "./Ticket.tsx";
import { useCampaign } from "./campaign.ts";

const CHECK = "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.3 12.300l2.5 2.5 4.9-5.3";
const COPIED_MS = 2_400;
/**
 * A coupon that was redeemed before this page was opened, or returned to, may be before a till: for some minutes the page asks whether it was used. One that
 * has just been redeemed is not asked after, for that is what everybody does at once.
 */
const TILL_LOOK_MS = 20_000;
const MAX_TILL_LOOKS = 15;

type RewardedState = Extract<State, { state: "rewarded" }>;

/** The card, exchanged for what it won: from here on it does not expire. */
export function RewardPage({ state, player }: { readonly state: RewardedState; readonly player: Player }) {
  const { boot, language, text } = useCampaign();
  const { prize } = state.won;
  useEffect(() => scrollTo(0, 0), []);
  const mayBeAtTill = prize.kind === "coupon" && state.won.state === "redeemed" && state.visits > 0;
  useEffect(() => {
    if (!mayBeAtTill) return undefined;
    let looks = 0;
    const timer = setInterval(() => {
      if (document.hidden) return;
      if ((looks += 1) === MAX_TILL_LOOKS) clearInterval(timer);
      player.send({ type: "returned", nowMs: Date.now(), awayMs: 0 });
    }, TILL_LOOK_MS);
    return () => clearInterval(timer);
  }, [mayBeAtTill, state.visits]);
  const face = boot.prizes.find(({ id }) => id === prize.id);
  const price = face?.value === undefined ? null : formatMoney(face.value, language);
  return (
    <Stage
      card={
        <Ticket card={state.card} Picture={Picture}>
          <div class="reward" aria-live="polite">
            <PrizePicture prize={prize} class="reward__image" sizes="200px" />
            <h2 class="reward__name" tabIndex={-1} ref={focusOn}>
              {text(prize.name)}
            </h2>
            {price !== null && (
              <p class="reward__value" style={{ "--letters": price.length }}>
                {price}
              </p>
            )}
            {face?.description !== undefined && <p class="reward__text">{text(face.description)}</p>}
            <Delivery state={state} />
          </div>
        </Ticket>
      }
    >
      <Links />
      <Terms />
    </Stage>
  );
}

function Delivery({ state: { reward, won, card, errand } }: { readonly state: RewardedState }) {
  const { messages } = useCampaign();
  const { kind } = won.prize;
  if (reward.status === "failed") return <Passage drawing={CLOCK} {...messages.delayed} />;
  switch (kind) {
    case "none":
      return null;
    case "code":
      return reward.code !== undefined ? <Code code={reward.code} /> : <OnItsWay kind="webhook" asking={errand !== null} />;
    case "coupon":
      return <Coupon number={reward.coupon ?? card.cardId} used={won.state === "used"} />;
    case "line-sticker":
    case "line-coupon":
    case "line-message":
    case "webhook":
      return isGranted(reward) ? (
        <Passage drawing={CHECK} {...messages.delivery[kind].granted} />
      ) : (
        <OnItsWay kind={kind} asking={errand !== null} />
      );
  }
}

function isGranted({ status }: Reward): boolean {
  return status === "granted" || status === "none";
}

function Passage({ drawing, title, text }: { readonly drawing: string; readonly title: string; readonly text: string }) {
  return (
    <div class="passage">
      <span class="passage__icon">
        <Icon drawing={drawing} />
      </span>
      <div>
        <h3 class="passage__title">{title}</h3>
        <p class="passage__text">{text}</p>
      </div>
    </div>
  );
}

function OnItsWay({ kind, asking }: { readonly kind: DeliveredKind; readonly asking: boolean }) {
  const { messages } = useCampaign();
  const { title, text } = messages.delivery[kind].onItsWay;
  return (
    <div class="passage">
      <span class="passage__icon">{asking ? <Dots /> : <Icon drawing={CLOCK} />}</span>
      <div>
        <h3 class="passage__title">{title}</h3>
        <p class="passage__text">{asking ? text : messages.stillOnItsWay}</p>
      </div>
    </div>
  );
}

function Code({ code }: { readonly code: string }) {
  const { messages } = useCampaign();
  const value = useRef<HTMLParagraphElement>(null);
  const [outcome, setOutcome] = useState<"copied" | "selected" | null>(null);
  const press = async () => {
    setOutcome(await copy(code, navigator.clipboard, () => copySelection(value.current)));
    setTimeout(() => setOutcome((now) => (now === "copied" ? null : now)), COPIED_MS);
  };
  return (
    <div class="code">
      <h3 class="code__title">{messages.code.title}</h3>
      <p ref={value} class="code__value">
        {code}
      </p>
      <button type="button" class="button button--main" onClick={() => void press()}>
        {outcome === "copied" ? messages.copied : messages.copy}
      </button>
      <p class="code__text">{outcome === "selected" ? messages.copyByHand : messages.code.text}</p>
    </div>
  );
}

/** With places at which a long number may go on in the next line, every four characters. It is copied as it is. */
function inGroups(number: string): ComponentChildren {
  return number.match(/.{1,4}/gu)?.map((group, i) => (
    <Fragment key={i}>
      {i > 0 && <wbr />}
      {group}
    </Fragment>
  ));
}

function Coupon({ number, used }: { readonly number: string; readonly used: boolean }) {
  const { messages } = useCampaign();
  return (
    <div class={`coupon ${used ? "is-used" : ""}`}>
      <h3 class="coupon__title">{messages.coupon}</h3>
      <div class="coupon__qr">
        <QrCode data={number} />
        {used && <span class="coupon__stamp">{messages.couponUsed}</span>}
      </div>
      <p class="coupon__number">
        <span>{messages.couponNumber}</span> {inGroups(number)}
      </p>
    </div>
  );
}
