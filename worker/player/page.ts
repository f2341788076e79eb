import type { Context } from "hono";
import type { CampaignSnapshot } from "../campaign/schema.ts";
import { campaignSnapshot } from "../campaign/snapshot.ts";
import type { Edge } from "../http/edge.ts";
import { settings } from "../settings.ts";
import { instant } from "../cards/card.ts";
import { campaignFace } from "./face.ts";
import type { CampaignFace } from "./face.ts";
import { onceASnapshot } from "./once-a-snapshot.ts";
import { themeOf } from "./theme.ts";
import type { Theme } from "./theme.ts";

/** The campaign as the page's HTML carries it, so that the page is dressed and LIFF begun before any request. */
export interface Boot extends Pick<CampaignFace, "campaign" | "title" | "texts" | "prizes" | "selfService"> {
  readonly liffId: string;
  readonly channelId: string;
  readonly theme: Theme;
  readonly dates: Pick<CampaignFace, "startsAt" | "endsAt" | "timezone">;
  /** By the server's clock, for a phone's may be hours off. */
  readonly servedAt: string;
  /** Where the page gets a stand-in LINE token; in development only. */
  readonly sandboxOrigin?: string;
}

/** Reckoned once for a snapshot: a page is asked for more often than dressed anew. */
const themeFor = onceASnapshot(({ file }) => themeOf(file.theme));

export function bootOf(snapshot: CampaignSnapshot, sandboxOrigin: string, nowMs: number): Boot {
  const { campaign, title, texts, prizes, selfService, startsAt, endsAt, timezone } = campaignFace(snapshot);
  const { liffId, channelId } = snapshot.file.line;
  const dates = { startsAt, endsAt, timezone };
  return {
    campaign,
    liffId,
    channelId,
    title,
    texts,
    theme: themeFor(snapshot),
    dates,
    prizes,
    selfService,
    servedAt: instant(nowMs),
    ...(sandboxOrigin === "" ? {} : { sandboxOrigin }),
  };
}

/** The page with its boot data at the end of its head; `<` cannot end the script, for it is escaped. */
export function withBoot(html: string, boot: Boot | null): string {
  const json = JSON.stringify(boot).replaceAll("<", String.raw`\u003c`);
  return html.replace("</head>", () => `<script type="application/json" id="kuji-boot">${json}</script></head>`);
}

const CARD_PATH = /^\/c\/([^/]+)/;

/**
 * The campaign a page's address is of. LIFF opens a link in two steps, the first at its endpoint (our root) with the path in `liff.state`:
 * https://developers.line.biz/en/docs/liff/opening-liff-app/#redirect-flow. That page too must know its LIFF id.
 */
export function campaignOfPage(url: URL): string | null {
  const path = url.pathname === "/" ? (url.searchParams.get("liff.state") ?? "") : url.pathname;
  return CARD_PATH.exec(path)?.[1] ?? null;
}

/** What the page may load: itself and LINE; images from anywhere over https, for an operator names them. */
export function contentPolicy(sandboxOrigin: string): string {
  return [
    "default-src 'none'",
    "script-src 'self' https://static.line-scdn.net",
    // LINE's dialogs bring their own styles.
    "style-src 'self' 'unsafe-inline'",
    `connect-src 'self' https://api.line.me https://*.line.me https://*.line-scdn.net https://uts-front.line-apps.com${sandboxOrigin === "" ? "" : ` ${sandboxOrigin}`}`,
    `img-src 'self' data: blob: https:${sandboxOrigin === "" ? "" : " http://localhost:*"}`,
    "media-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** A deployment starts new isolates with its own page, so this is only how soon a page rebuilt in development is seen. */
const INDEX_REMEMBERED_MS = 1_000;
let index: { readonly html: string; readonly untilMs: number } | null = null;

async function indexHtml({ ASSETS }: Env, origin: string, nowMs: number): Promise<string> {
  if (index !== null && nowMs < index.untilMs) return index.html;
  const response = await ASSETS.fetch(`${origin}/`);
  if (!response.ok) throw new Error(`the page is not among the assets: ${response.status}`);
  const html = await response.text();
  index = { html, untilMs: nowMs + INDEX_REMEMBERED_MS };
  return html;
}

/** Answers `/`, `/c/{campaign}` and `/c/{campaign}/{cardId}` with the page. It says nothing of a card: whether there is one is asked with a session. */
export async function page(c: Context<Edge>): Promise<Response> {
  const { SANDBOX_ORIGIN } = settings(c.env);
  const url = new URL(c.req.url);
  const campaign = campaignOfPage(url);
  const snapshot = campaign === null ? null : await campaignSnapshot(c.env, campaign);
  const nowMs = Date.now();
  const html = withBoot(await indexHtml(c.env, url.origin, nowMs), snapshot === null ? null : bootOf(snapshot, SANDBOX_ORIGIN, nowMs));
  return c.html(html, 200, {
    "cache-control": "no-cache",
    "content-security-policy": contentPolicy(SANDBOX_ORIGIN),
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    // The address of a card is its key.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
}
