import type { Cover, Metal } from "../../../worker/player/theme.ts";
import { brushRadius } from "./brush.ts";
import { emptyCoverage, type Point, type Stroke } from "./coverage.ts";
import type { Flakes, flakesOn } from "./flakes.ts";
import type { Feel } from "../sound/feel.ts";
import { printFoil } from "./foil.ts";
import { cutStamps, type Stamp } from "./stamps.ts";
import { addStroke, packStrokes, unpackStrokes } from "./strokes.ts";

/** Past this the rest comes off by itself. */
const ENOUGH_PERCENT = 55;
/** A sharper canvas than this costs more than the eye gets. */
const MAX_PIXEL_RATIO = 3;
const DISSOLVE_MS = 520;
const MAX_FLAKES_A_STROKE = 4;

/** A finger on the foil: where it was last, when, and how wide. */
interface Finger {
  readonly at: Point;
  readonly r: number;
  readonly ms: number;
}

export interface SurfaceOptions {
  readonly cover: Cover;
  readonly metal: Metal;
  readonly words: string;
  /** No flakes, no fading: the foil is there or it is not. */
  readonly still: boolean;
  /** Those of an earlier visit, packed. */
  readonly strokes: readonly number[];
  readonly onTouch: () => void;
  readonly onScratch: (percent: number) => void;
  /** A finger was lifted, or the page left: all strokes so far, packed. */
  readonly onLift: (strokes: readonly number[]) => void;
  readonly onCleared: () => void;
}

/**
 * The foil, and the finger on it. Until `loosen` the foil holds: strokes only scuff it, and are kept. Then they cut through, and past
 * `ENOUGH_PERCENT` the rest dissolves.
 */
export interface ScratchSurface {
  /** The prize lies beneath now; from here on the foil flakes, and is heard and felt. */
  loosen(flakes: typeof flakesOn, feel: Pick<Feel, "scratched">): void;
  /** Takes the rest of the foil off, once it is loose. */
  clear(): void;
  stop(): void;
}

/** Prints the foil on `foil` and listens to it; `crumbs` lies over it, a little larger, and takes no touches. */
export function scratchSurface(foil: HTMLCanvasElement, crumbs: HTMLCanvasElement, options: SurfaceOptions): ScratchSurface {
  const pen = foil.getContext("2d");
  if (pen === null) throw new Error("no canvas");
  const stamps = cutStamps(options.metal);
  const coverage = emptyCoverage();
  const fingers = new Map<number, Finger>();
  const listening = new AbortController();
  const strokes: Stroke[] = [];
  let loose = false;
  let flakes: Flakes | null = null;
  let feel: Pick<Feel, "scratched"> | null = null;
  let touched = false;
  let dissolving = false;
  let width = 0;
  let height = 0;

  /** Prints the foil at the size that the panel has now; what was scratched off stays off. */
  function fit(): void {
    const ratio = Math.min(MAX_PIXEL_RATIO, devicePixelRatio);
    const { clientWidth, clientHeight } = foil;
    if (pen === null || clientWidth === 0 || (clientWidth === width && foil.width === Math.round(width * ratio))) return;
    const kept = width === 0 ? options.strokes : packStrokes(strokes, width);
    [width, height] = [clientWidth, clientHeight];
    for (const canvas of [foil, crumbs]) {
      canvas.width = Math.round(canvas.clientWidth * ratio);
      canvas.height = Math.round(canvas.clientHeight * ratio);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    printFoil(pen, width, height, options.cover, options.metal, options.words);
    strokes.length = 0;
    for (const stroke of unpackStrokes(kept, width)) {
      touched = true;
      strokes.push(stroke);
      coverage.mark(stroke, width, height);
      leave(stroke);
    }
  }

  function draw(stroke: Stroke): void {
    if (dissolving) return;
    const before = Math.floor(coverage.percent());
    coverage.mark(stroke, width, height);
    addStroke(strokes, stroke);
    leave(stroke);
    if (loose) shed(stroke);
    if (Math.floor(coverage.percent()) !== before) options.onScratch(coverage.percent());
    dissolveIfEnough();
  }

  /** What a stroke leaves behind: a cut, or on foil that holds a scuff. */
  function leave(stroke: Stroke): void {
    if (loose) cut(stroke);
    else stamp(stroke, "scuff", 0.8, "source-atop");
  }

  /** A darker rim is pressed into the foil around the stroke before the stroke is taken out of it. */
  function cut(stroke: Stroke): void {
    stamp(stroke, "rim", 1.08, "source-atop");
    stamp(stroke, "hole", 1, "destination-out");
  }

  function stamp({ from, to, r }: Stroke, part: keyof Stamp, scale: number, operation: GlobalCompositeOperation): void {
    if (pen === null) return;
    const size = 2 * r * scale;
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / (r * 0.35)));
    pen.globalCompositeOperation = operation;
    for (let i = 1; i <= steps; i++) {
      const [x, y] = [from.x + ((to.x - from.x) * i) / steps, from.y + ((to.y - from.y) * i) / steps];
      // Chosen by place, so that a rim and its hole are of one shape.
      const chosen = stamps[Math.abs(Math.round(x * 7 + y * 13)) % stamps.length];
      if (chosen !== undefined) pen.drawImage(chosen[part], x - size / 2, y - size / 2, size, size);
    }
  }

  function shed({ from, to }: Stroke): void {
    const moved = Math.hypot(to.x - from.x, to.y - from.y);
    feel?.scratched(moved);
    flakes?.shed(to.x - crumbs.offsetLeft, to.y - crumbs.offsetTop, Math.min(MAX_FLAKES_A_STROKE, Math.ceil(moved / 9)));
  }

  function dissolveIfEnough(): void {
    if (loose && coverage.percent() >= ENOUGH_PERCENT) dissolve();
  }

  function dissolve(): void {
    if (dissolving) return;
    dissolving = true;
    options.onScratch(100);
    const durationMs = options.still ? 0 : DISSOLVE_MS;
    const fade = foil.animate([{ opacity: 1 }, { opacity: 0 }], { duration: durationMs, easing: "ease-out", fill: "forwards" });
    fade.addEventListener("finish", options.onCleared);
  }

  function down(event: PointerEvent): void {
    if (event.button !== 0) return;
    foil.setPointerCapture(event.pointerId);
    const at = { x: event.offsetX, y: event.offsetY };
    const r = brushRadius(event, 0, null);
    fingers.set(event.pointerId, { at, r, ms: event.timeStamp });
    if (!touched) {
      touched = true;
      options.onTouch();
    }
    draw({ from: at, to: at, r });
  }

  function move(event: PointerEvent): void {
    // A browser hands over one event a frame; the points between are what makes a fast stroke round.
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const point of coalesced.length > 0 ? coalesced : [event]) {
      const finger = fingers.get(event.pointerId);
      if (finger === undefined) return;
      const at = { x: point.offsetX, y: point.offsetY };
      const moved = Math.hypot(at.x - finger.at.x, at.y - finger.at.y);
      const r = brushRadius(point, moved / Math.max(1, point.timeStamp - finger.ms), finger.r);
      fingers.set(event.pointerId, { at, r, ms: point.timeStamp });
      draw({ from: finger.at, to: at, r });
    }
  }

  function lift(event: PointerEvent): void {
    if (fingers.delete(event.pointerId)) tell();
  }

  function tell(): void {
    options.onLift(packStrokes(strokes, width));
  }

  const { signal } = listening;
  for (const [type, hear] of [
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", lift],
    ["pointercancel", lift],
  ] as const) {
    foil.addEventListener(type, hear, { signal });
  }
  document.addEventListener("visibilitychange", tell, { signal });
  const observer = new ResizeObserver(fit);
  observer.observe(foil);
  fit();

  return {
    loosen: (flakesOn, felt) => {
      loose = true;
      feel = felt;
      if (!options.still) flakes = flakesOn(crumbs, options.metal);
      // What was scuffed is cut through at once.
      strokes.forEach(cut);
      dissolveIfEnough();
    },
    clear: () => {
      if (loose) dissolve();
    },
    stop: () => {
      listening.abort();
      observer.disconnect();
      flakes?.stop();
    },
  };
}
