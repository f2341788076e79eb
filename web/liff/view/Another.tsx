import { useCampaign } from "./campaign.ts";

/** Leads back to the deck, where the campaign lets anybody draw; the search is kept, for it may say who plays. */
export function Another() {
  const { boot, messages } = useCampaign();
  if (!boot.selfService) return null;
  return (
    <a class="button button--quiet" href={`/c/${boot.campaign}${location.search}`}>
      {messages.another}
    </a>
  );
}
