import type { CardState, PrizeKind } from "../../../durable-objects/protocol.ts";
import { insist } from "../afresh.ts";
import type { ClosedReason, DrawRefusal } from "../machine.ts";
import type { Language } from "./language.ts";

/** A heading and a sentence. */
export interface Passage {
  readonly title: string;
  readonly text: string;
}

/** The kinds of reward that are delivered somewhere else. */
export type DeliveredKind = Exclude<PrizeKind, "none" | "code" | "coupon">;

/** Every word of the page that is not the campaign's own. */
export interface Messages {
  readonly opening: string;
  /** Small print above the title. */
  readonly eyebrow: string;
  /** Printed on the foil: one or two words. */
  readonly foil: string;
  readonly invitation: string;
  /** In the place of the invitation, once the foil is off. */
  readonly opened: string;
  readonly scratchForMe: string;
  readonly asking: string;
  /** Names the switch for both. */
  readonly sound: string;
  readonly waiting: Readonly<Record<"busy" | "offline" | "trouble", Passage>>;
  /** In the place of the text, where there is no card yet that could be safe. */
  readonly waitingToDraw: Readonly<Record<"busy" | "offline" | "trouble", string>>;
  /** With the time until then, as a number of some unit. */
  readonly nextTry: (wait: string) => string;
  readonly won: Passage;
  readonly redeem: string;
  readonly redeeming: string;
  readonly thanks: Passage;
  readonly code: Passage;
  readonly copy: string;
  readonly copied: string;
  /** Where the browser lets nobody copy but the user. */
  readonly copyByHand: string;
  readonly coupon: string;
  readonly couponUsed: string;
  readonly couponNumber: string;
  readonly delivery: Readonly<Record<DeliveredKind, { readonly onItsWay: Passage; readonly granted: Passage }>>;
  readonly stillOnItsWay: string;
  readonly delayed: Passage;
  /** Draws another card, where the campaign lets anybody draw. */
  readonly another: string;
  /** With the moment at which the card expires. */
  readonly validUntil: (date: string) => string;
  readonly serial: string;
  readonly prizes: string;
  readonly ownCards: {
    readonly title: string;
    readonly close: string;
    /** The name of a card whose prize is not known yet. */
    readonly unscratched: string;
    readonly states: Readonly<Record<CardState, string>>;
    readonly none: string;
    readonly failed: string;
    readonly more: string;
  };
  /** `title` is on the button; `text` is what a friend reads, with a button `play`. */
  readonly share: Passage & Readonly<Record<"play" | "sent" | "copied", string>>;
  readonly lobby: Passage;
  readonly draw: string;
  readonly drawing: string;
  readonly refusals: Readonly<Record<Exclude<DrawRefusal, "not_started">, Passage>>;
  readonly notStarted: (date: string) => Passage;
  readonly closed: Readonly<Record<ClosedReason, Passage>>;
  readonly outside: Readonly<Record<"not_in_line" | "token_refused", Passage>>;
  readonly openInLine: string;
  /** Below a QR code. */
  readonly scanToOpen: string;
  readonly signIn: string;
  readonly tryAgain: string;
}

const CATALOGUES: Readonly<Record<Language, () => Promise<{ readonly messages: Messages }>>> = {
  "zh-TW": () => import("./zh-TW.ts"),
  ja: () => import("./ja.ts"),
  th: () => import("./th.ts"),
  en: () => import("./en.ts"),
};

export async function loadMessages(language: Language): Promise<Messages> {
  return (await insist(CATALOGUES[language])).messages;
}
