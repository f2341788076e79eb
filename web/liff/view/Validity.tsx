import { formatEnd } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";

/** Until when the prize is good. */
export function Validity({ until }: { readonly until: string }) {
  const { boot, language, messages } = useCampaign();
  return <span>{messages.validUntil(formatEnd(until, language, boot.dates.timezone))}</span>;
}
