import type { Language } from "./language.ts";

/** From the first day to the last, as days in the campaign's time zone. An end at midnight closes the day before. */
export function formatPeriod(startsAt: string, endsAt: string, language: Language, timeZone: string): string {
  const lastMoment = new Date(Date.parse(endsAt) - 1);
  return new Intl.DateTimeFormat(language, { timeZone, year: "numeric", month: "short", day: "numeric" }).formatRange(
    new Date(startsAt),
    lastMoment,
  );
}
