const SECOND_MS = 1_000;

/** Whole seconds until a moment, the one that has begun included; 0 once it has come. */
export function secondsUntil(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / SECOND_MS));
}

/** How long `secondsUntil` stays as it is now. */
export function nextTickMs(untilMs: number, nowMs: number): number {
  return (untilMs - nowMs) % SECOND_MS || SECOND_MS;
}

/** Seconds as days, hours, minutes and seconds. */
export function clockParts(seconds: number): readonly [days: number, hours: number, minutes: number, seconds: number] {
  return [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
}
