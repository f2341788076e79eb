import { afresh } from "../afresh.ts";
import { pageFeel } from "../sound/page-feel.ts";
import type { Metal } from "../../../worker/player/theme.ts";
import { wantsStillness } from "./campaign.ts";

/**
 * A sound, and two handfuls of confetti in the foil's metal from both sides; the confetti is loaded only for a win. It is gone as soon as `card` is:
 * what comes in its place may be a code that a till has to scan.
 */
export async function celebrate({ glint, light, mid, dark }: Metal, card: AbortSignal): Promise<void> {
  pageFeel.won();
  if (wantsStillness()) return;
  // A win is one without confetti, too.
  const loaded = await afresh(() => import("canvas-confetti")).catch(() => null);
  if (loaded === null || card.aborted) return;
  const air = document.createElement("canvas");
  air.className = "confetti";
  document.body.append(air);
  const confetti = loaded.create(air, { resize: true, useWorker: true });
  card.addEventListener("abort", () => {
    // What draws on it is told so, but is elsewhere and may take a moment.
    confetti.reset();
    air.remove();
  });
  const burst = {
    particleCount: 60,
    spread: 64,
    startVelocity: 46,
    ticks: 160,
    scalar: 0.9,
    colors: [glint, light, mid, dark],
  };
  await Promise.all([
    confetti({ ...burst, angle: 62, origin: { x: 0, y: 0.62 } }),
    confetti({ ...burst, angle: 118, origin: { x: 1, y: 0.62 } }),
  ]);
  air.remove();
}
