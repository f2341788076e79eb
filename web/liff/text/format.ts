import type { Money } from "../boot.ts";
import type { Language } from "./language.ts";

const MINUTE_SECONDS = 60;

/** A moment in the campaign's own time zone, with its weekday; the zone is named where the reader's clock differs from it. */
export function formatMoment(iso: string, language: Language, timeZone: string, readerZone = ownZone()): string {
  const moment = new Date(iso);
  return new Intl.DateTimeFormat(language, {
    month: "long",
    day: "numeric",
    weekday: "short",
    ...clockOf(moment, timeZone, readerZone),
  }).format(moment);
}

/** A moment at which something ends, with its year. An end at midnight is 23:59 of the day before. */
export function formatEnd(iso: string, language: Language, timeZone: string, readerZone = ownZone()): string {
  const moment = new Date(iso);
  const dayOf = (date: Date) => new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short" }).format(date);
  const lastMoment = new Date(moment.getTime() - 1);
  const shown = dayOf(lastMoment) === dayOf(moment) ? moment : lastMoment;
  return new Intl.DateTimeFormat(language, {
    year: "numeric",
    month: "short",
    day: "numeric",
    ...clockOf(moment, timeZone, readerZone),
  }).format(shown);
}

/** The day of a moment in the campaign's own time zone. */
export function formatDay(iso: string, language: Language, timeZone: string): string {
  return new Intl.DateTimeFormat(language, { timeZone, year: "numeric", month: "short", day: "numeric" }).format(new Date(iso));
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

/** A number of some unit of time, and the unit's name, as a reader writes them. */
export function formatUnit(value: number, unit: "day" | "hour" | "minute" | "second", language: Language): [number: string, name: string] {
  const parts = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).formatToParts(value);
  const of = (isName: boolean) => parts.filter(({ type }) => type !== "literal" && (type === "unit") === isName).map((part) => part.value);
  return [of(false).join(""), of(true).join("")];
}

/** A wait of whole seconds; from a minute on, in minutes of which the last one has begun. */
export function formatWait(seconds: number, language: Language): string {
  const isLong = seconds >= MINUTE_SECONDS;
  return new Intl.NumberFormat(language, { style: "unit", unit: isLong ? "minute" : "second", unitDisplay: "long" }).format(
    isLong ? Math.ceil(seconds / MINUTE_SECONDS) : seconds,
  );
}

function clockOf(moment: Date, timeZone: string, readerZone: string): Intl.DateTimeFormatOptions {
  const differs = offsetOf(moment, timeZone) !== offsetOf(moment, readerZone);
  return { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(differs ? { timeZoneName: "short" } : {}) };
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
