import { useEffect, useState } from "preact/hooks";
import { clockParts } from "../text/countdown.ts";
import { formatUnit } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";
import { Dots } from "./Notice.tsx";
import { useCountdown } from "./use-countdown.ts";

/** Everybody's clock strikes at once; their pages open spread over this time, and so do their first draws. */
const OPENING_SPREAD_MS = 8_000;
const UNITS = ["day", "hour", "minute", "second"] as const;

/** Counts down to a start, and says a little after it that it has come. */
export function Countdown({ startsAt, onStarted }: { readonly startsAt: string; readonly onStarted: () => void }) {
  const { boot, language } = useCampaign();
  // By the clock that it is counted with.
  const startsMs = Date.parse(startsAt) - boot.mostBehindMs;
  const [opensMs] = useState(() => startsMs + Math.random() * OPENING_SPREAD_MS);
  const seconds = useCountdown(startsMs);
  const hasStarted = useCountdown(opensMs) === 0;
  useEffect(() => {
    if (hasStarted) onStarted();
  }, [hasStarted]);
  if (seconds === 0) return <Dots />;
  const parts = clockParts(seconds);
  return (
    <p class="countdown" role="timer" aria-live="off">
      {UNITS.map((unit, i) => {
        const [number, name] = formatUnit(parts[i] ?? 0, unit, language);
        return (
          <span key={unit} class="countdown__part">
            <b class="countdown__number">{number.padStart(2, "0")}</b> <span class="countdown__unit">{name}</span>
          </span>
        );
      })}
    </p>
  );
}
