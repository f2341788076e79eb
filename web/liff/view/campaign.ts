import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Boot } from "../boot.ts";
import type { Errands } from "../errands.ts";
import { localText, type Language, type LocalText } from "../text/language.ts";
import type { Messages } from "../text/messages.ts";

/** What every view may ask for: the campaign, the words, and what can be asked of the server and LINE. */
export interface Campaign {
  readonly boot: Boot;
  readonly language: Language;
  readonly messages: Messages;
  readonly errands: Errands;
}

export const CampaignContext = createContext<Campaign | null>(null);

export function useCampaign(): Campaign & { readonly text: (text: LocalText | undefined) => string } {
  const campaign = useContext(CampaignContext);
  if (campaign === null) throw new Error("no campaign");
  return { ...campaign, text: (text) => localText(text, campaign.language) };
}

/** Whether the user asked the system for less motion. */
export function wantsStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
