/** A local calendar day never lasts longer than this (a day of 25 hours at the end of summer time, and a margin). */
const MAX_DAY_MS = 26 * 3_600_000;

const formatters = new Map<string, Intl.DateTimeFormat>();

function localParts(timezone: string, atMs: number): { readonly day: string; readonly sinceMidnightMs: number } {
  let formatter = formatters.get(timezone);
  if (formatter === undefined) {
    const numeric = "2-digit";
    formatter = new Intl.DateTimeFormat("en-CA", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
    formatters.set(timezone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const sinceMidnightMs = ((Number(parts["hour"]) * 60 + Number(parts["minute"])) * 60 + Number(parts["second"])) * 1_000 + (atMs % 1_000);
  return { day: `${parts["year"]}-${parts["month"]}-${parts["day"]}`, sinceMidnightMs };
}

export interface LocalDay {
  readonly startMs: number;
  readonly endMs: number;
}

/** First instant of the local day that `atMs` is in, found by bisection: right across the change to and from summer time. */
function dayStart(timezone: string, atMs: number): number {
  const { day, sinceMidnightMs } = localParts(timezone, atMs);
  const guess = atMs - sinceMidnightMs;
  if (localParts(timezone, guess).day === day && localParts(timezone, guess - 1).day !== day) return guess;
  let before = atMs - MAX_DAY_MS;
  let within = atMs;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (localParts(timezone, middle).day === day) within = middle;
    else before = middle;
  }
  return within;
}

/** The day in `timezone` (IANA name) that holds `atMs`, as a half-open interval of instants. */
export function localDay(timezone: string, atMs: number): LocalDay {
  const startMs = dayStart(timezone, atMs);
  const endMs = dayStart(timezone, startMs + MAX_DAY_MS);
  return { startMs, endMs };
}
