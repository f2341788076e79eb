import { useState } from "preact/hooks";
import { pageFeel } from "../sound/page-feel.ts";
import { useCampaign } from "./campaign.ts";
import { Icon } from "./Icon.tsx";

const SPEAKER = "M4.5 9.500v5h3l4.5 4v-13l-4.5 4ZM15.5 9.200a4 4 0 0 1 0 5.600M18 6.800a7.4 7.4 0 0 1 0 10.400";
const SILENT = "M4.5 9.500v5h3l4.5 4v-13l-4.5 4ZM16 9.800l4.5 4.5M20.5 9.800 16 14.300";

/** Switches sound and vibration. */
export function SoundSwitch() {
  const { messages } = useCampaign();
  const [on, setOn] = useState(pageFeel.on);
  const press = () => {
    pageFeel.toggle();
    setOn(pageFeel.on);
  };
  return (
    <button type="button" class="sound" aria-label={messages.sound} aria-pressed={on} onClick={press}>
      <Icon drawing={on ? SPEAKER : SILENT} />
    </button>
  );
}
