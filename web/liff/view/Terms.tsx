import { useCampaign } from "./campaign.ts";

/** The operator's small print, below all else. */
export function Terms() {
  const { boot, text } = useCampaign();
  return boot.texts["terms"] === undefined ? null : <footer class="small-print">{text(boot.texts["terms"])}</footer>;
}
