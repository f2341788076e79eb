import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, CDPSession } from "playwright-core";
import { figuresOf, workOf, type FrameFigures, type TraceEvent } from "./frames.ts";
import { THROTTLING } from "./visit.ts";

/** A finger that goes to and fro over the upper part of the foil: less than what makes the rest come off. */
const LINES = 12;
const LINE_MS = 320;
const DEPTH = 0.4;
const MARGIN_PX = 12;
/** A touch screen tells of a finger some 120 times a second. */
const MOVE_MS = 1_000 / 120;
/** The prize lies beneath by then, and what is loaded after the card is there. */
const LOOSE_MS = 2_000;
const CATEGORIES = [
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "devtools.timeline.frame",
  "disabled-by-default-devtools.timeline.frame",
];

type Box = Readonly<Record<"x" | "y" | "width" | "height", number>>;

/** Opens a card's link in a new tab and scratches the card with a finger, on a main thread slowed down as `measureVisit` does. */
export async function measureScratch(context: BrowserContext, url: string): Promise<FrameFigures> {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await page.goto(url);
  const foil = page.locator("canvas.panel__foil");
  await foil.waitFor();
  const box = await foil.boundingBox();
  if (box === null) throw new Error("there is no foil to scratch");
  // The first touch asks for the prize; what is measured is a foil that comes off and flakes.
  await page.touchscreen.tap(box.x + MARGIN_PX, box.y + MARGIN_PX);
  await sleep(LOOSE_MS);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: THROTTLING.cpuSlowdown });
  const browser = context.browser();
  await browser?.startTracing(page, { categories: CATEGORIES });
  await page.evaluate(watchFrames);
  await rub(cdp, box);
  const framesAt = await page.evaluate(() => (globalThis as unknown as { framesAt: readonly number[] }).framesAt);
  const trace = (await browser?.stopTracing())?.toString() ?? "";
  await page.close();
  const { traceEvents } = JSON.parse(trace) as { traceEvents: readonly TraceEvent[] };
  return figuresOf(
    framesAt.slice(1).map((ms, i) => ms - (framesAt[i] ?? 0)),
    workOf(traceEvents),
  );
}

/** Notes when each frame begins. Runs in the page. */
function watchFrames(): void {
  const framesAt: number[] = [];
  Object.assign(globalThis, { framesAt });
  const note = (ms: number) => {
    framesAt.push(ms);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}

/** Moves a finger as fast as a hand does, whether the page keeps up or not. */
async function rub(cdp: CDPSession, { x, y, width, height }: Box): Promise<void> {
  const at = (elapsedMs: number) => {
    const [line, along] = [Math.floor(elapsedMs / LINE_MS), (elapsedMs % LINE_MS) / LINE_MS];
    const across = line % 2 === 0 ? along : 1 - along;
    return { x: x + MARGIN_PX + across * (width - 2 * MARGIN_PX), y: y + MARGIN_PX + (elapsedMs / LINE_MS / LINES) * DEPTH * height };
  };
  const sent: Promise<unknown>[] = [];
  const send = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: { x: number; y: number }[]) => {
    sent.push(cdp.send("Input.dispatchTouchEvent", { type, touchPoints }));
  };
  const startMs = performance.now();
  send("touchStart", [at(0)]);
  for (let moves = 1; moves * MOVE_MS < LINES * LINE_MS; moves += 1) {
    await sleep(Math.max(0, startMs + moves * MOVE_MS - performance.now()));
    send("touchMove", [at(moves * MOVE_MS)]);
  }
  send("touchEnd", []);
  await Promise.all(sent);
}
