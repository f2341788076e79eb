import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, CDPSession } from "playwright-core";

/** Lighthouse's slow 4G and mid-tier phone, as it throttles by the devtools: https://github.com/GoogleChrome/lighthouse/blob/main/core/config/constants.js */
export const THROTTLING = {
  cpuSlowdown: 4,
  /** 150 ms for the round trip, 3.75 times: what a request takes of them. */
  requestLatencyMs: 562.5,
  downloadKbps: 1_474.56,
  uploadKbps: 675,
} as const;
const BYTES_PER_KBIT = 1_024 / 8;
const TOUCHABLE_TIMEOUT_MS = 120_000;
/** The views of the win come after the card; their bytes are not those of the first look, and no other visit's either. */
const QUIET_MS = 3_000;
export interface Visit {
  /** From the navigation until something of the page is seen. */
  readonly paintedMs: number;
  /** From the navigation until the frame after the foil was drawn and listened to. */
  readonly touchableMs: number;
  /** Over the network before the card could be touched, headers included. */
  readonly bytes: number;
  readonly requests: number;
  /** Of the main thread, slowed down. */
  readonly busyMs: number;
}

/** Opens a card's link in a new tab of `context` on a slow phone in a slow network, and waits until the card can be touched. */
export async function measureVisit(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  const traffic = await throttle(cdp);
  await page.addInitScript(markTouchable);
  await page.goto(url, { waitUntil: "commit", timeout: TOUCHABLE_TIMEOUT_MS });
  await page.waitForFunction(() => performance.getEntriesByName("touchable").length > 0, undefined, { timeout: TOUCHABLE_TIMEOUT_MS });
  const { bytes, requests } = traffic();
  const { metrics } = await cdp.send("Performance.getMetrics");
  const busySeconds = metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  const [paintedMs = Number.NaN, touchableMs = Number.NaN] = await page.evaluate(() =>
    ["first-contentful-paint", "touchable"].map((name) => performance.getEntriesByName(name)[0]?.startTime),
  );
  await sleep(QUIET_MS);
  await page.close();
  return { paintedMs, touchableMs, bytes, requests, busyMs: busySeconds * 1_000 };
}

/** Marks the frame after the foil has come. Runs in the page, before its scripts. */
function markTouchable(): void {
  const observer = new MutationObserver(() => {
    if (document.querySelector("canvas.panel__foil") === null) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("touchable")));
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Slows the page down, and counts what has come over the network so far. */
async function throttle(cdp: CDPSession): Promise<() => { readonly bytes: number; readonly requests: number }> {
  let bytes = 0;
  let requests = 0;
  const cached = new Set<string>();
  cdp.on("Network.requestServedFromCache", ({ requestId }) => cached.add(requestId));
  cdp.on("Network.responseReceived", ({ requestId, response }) => {
    if (response.fromDiskCache) cached.add(requestId);
  });
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (cached.has(requestId) || encodedDataLength === 0) return;
    bytes += encodedDataLength;
    requests += 1;
  });
  await cdp.send("Network.enable");
  await cdp.send("Performance.enable");
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: THROTTLING.cpuSlowdown });
  await cdp.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: THROTTLING.requestLatencyMs,
    downloadThroughput: THROTTLING.downloadKbps * BYTES_PER_KBIT,
    uploadThroughput: THROTTLING.uploadKbps * BYTES_PER_KBIT,
  });
  return () => ({ bytes, requests });
}
