import type { Boot } from "./boot.ts";
import { localText, type Language } from "./text/language.ts";
import type { Passage } from "./text/messages.ts";
import type { Theme } from "../../worker/player/theme.ts";

/** LINE's flex messages may have this much of a text that stands for them: https://developers.line.biz/en/reference/messaging-api/#flex-message */
const MAX_ALT_TEXT = 400;

/** What a friend is sent. */
export interface Invitation {
  readonly title: string;
  readonly text: string;
  /** Of the campaign, never of a card: a card's address is its key. */
  readonly url: string;
}

export function invitationTo({ campaign, liffId, title }: Boot, language: Language, words: Passage): Invitation {
  return { title: localText(title, language), text: words.text, url: `https://liff.line.me/${liffId}/c/${campaign}` };
}

/** The invitation as a message of LINE: a small card in the campaign's colours. */
export function flexOf({ title, text, url }: Invitation, button: string, { properties }: Theme) {
  const [band = "", paper = "", ink = "", soft = ""] = ["--band", "--paper", "--paper-ink", "--paper-soft"].map((name) => properties[name]);
  return {
    type: "flex",
    altText: `${title} ${text}`.slice(0, MAX_ALT_TEXT),
    contents: {
      type: "bubble",
      size: "kilo",
      body: {
        type: "box",
        layout: "vertical",
        spacing: "sm",
        backgroundColor: paper,
        contents: [
          { type: "text", text: title, weight: "bold", size: "lg", wrap: true, color: ink },
          { type: "text", text, size: "sm", wrap: true, color: soft },
        ],
      },
      footer: {
        type: "box",
        layout: "vertical",
        backgroundColor: paper,
        contents: [{ type: "button", style: "primary", color: band, action: { type: "uri", label: button, uri: url } }],
      },
    },
  } as const;
}

export type FlexMessage = ReturnType<typeof flexOf>;
