import type { PrizeKind } from "../../durable-objects/protocol.ts";
import type { Theme } from "../../worker/player/theme.ts";
import type { LocalText } from "./text/language.ts";

/** Money in minor units of an ISO 4217 currency. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** What everybody may know of a prize. */
export interface PrizeFace {
  readonly id: string;
  readonly kind: PrizeKind;
  readonly name: LocalText;
  readonly description?: LocalText;
  readonly image?: string;
  readonly value?: Money;
}

/** The campaign as the HTML carries it, so that the page is dressed before its first request. */
export interface Boot {
  readonly campaign: string;
  readonly liffId: string;
  readonly channelId: string;
  readonly title: LocalText;
  /** The operator's own words; the page knows `intro` (under the title), `thanks` (a card without a prize) and `terms` (small print). */
  readonly texts: Readonly<Record<string, LocalText>>;
  readonly theme: Theme;
  readonly dates: { readonly startsAt: string; readonly endsAt: string; readonly timezone: string };
  readonly prizes: readonly PrizeFace[];
  /** Whether the page may draw a card by itself. */
  readonly selfService: boolean;
  /** How far the phone's clock is behind the server's; negative where it is ahead. */
  behindMs: number;
  /**
   * Between which two that may be: the page's own word is as old as the page, which a browser may have kept for a while. An answer's is exact, and
   * corrects all three.
   */
  leastBehindMs: number;
  mostBehindMs: number;
}

/** As the server writes it: `servedAt` is by its own clock. */
export type ServedBoot = Omit<Boot, "behindMs" | "leastBehindMs" | "mostBehindMs"> & { readonly servedAt: string };

/** The campaign of this page, or null where the server knows of none. */
export function readBoot(document: Document, nowMs: number): Boot | null {
  const boot = JSON.parse(document.querySelector("#kuji-boot")?.textContent ?? "null") as ServedBoot | null;
  if (boot === null) return null;
  return { ...boot, ...behind(Date.parse(boot.servedAt) - nowMs) };
}

/** By the page's own word. */
export function behind(behindMs: number): Pick<Boot, "behindMs" | "leastBehindMs" | "mostBehindMs"> {
  return { behindMs, leastBehindMs: Math.min(0, behindMs), mostBehindMs: Math.max(0, behindMs) };
}
