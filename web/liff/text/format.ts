import type { Money } from "../boot.ts";
import type { Language } from "./language.ts";

/** A moment in the campaign's own time zone, with its weekday; the zone is named where the reader's clock differs from it. */
export function formatMoment(iso: string, language: Language, timeZone: string, readerZone = ownZone()): string {
  const moment = new Date(iso);
  const differs = offsetOf(moment, timeZone) !== offsetOf(moment, readerZone);
  return new Intl.DateTimeFormat(language, {
    timeZone,
    month: "long",
    day: "numeric",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(differs ? { timeZoneName: "short" } : {}),
  }).format(moment);
}

/** From the first day to the last, as days in the campaign's time zone. An end at midnight closes the day before. */
export function formatPeriod(startsAt: string, endsAt: string, language: Language, timeZone: string): string {
  const lastMoment = new Date(Date.parse(endsAt) - 1);
  return new Intl.DateTimeFormat(language, { timeZone, year: "numeric", month: "short", day: "numeric" }).formatRange(
    new Date(startsAt),
    lastMoment,
  );
}

/** Money as a reader writes it; round sums without their cents. */
export function formatMoney({ amount, currency }: Money, language: Language): string {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 0;
  const major = amount / 10 ** digits;
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency,
    ...(Number.isInteger(major) ? { maximumFractionDigits: 0 } : {}),
  }).format(major);
}

function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function offsetOf(moment: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset", hour: "numeric" })
    .formatToParts(moment)
    .filter(({ type }) => type === "timeZoneName")
    .map(({ value }) => value)
    .join("");
}
