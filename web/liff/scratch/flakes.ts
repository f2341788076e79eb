import type { Metal } from "../../../worker/player/theme.ts";

/** More would neither be seen nor drawn in time on a slow phone. */
const MAX_FLAKES = 70;
/** CSS pixels per square millisecond. */
const GRAVITY = 0.0009;
const LIFE_MS = 900;
const FADE_MS = 260;
/** A page that slept does not throw its flakes across the screen. */
const LONGEST_STEP_MS = 40;

interface Flake {
  readonly x: number;
  readonly y: number;
  readonly vx: number;
  readonly vy: number;
  readonly turn: number;
  readonly spin: number;
  readonly bornMs: number;
  readonly size: number;
  readonly shade: string;
}

/** Crumbs of foil that fall from the finger. */
export interface Flakes {
  /** Lets `count` flakes go at a place of the canvas, in CSS pixels. */
  shed(x: number, y: number, count: number): void;
  stop(): void;
}

/** Draws on `canvas` while there are flakes to draw, and not a frame longer. */
export function flakesOn(canvas: HTMLCanvasElement, { glint, light, mid, dark }: Metal): Flakes {
  const shades = [glint, light, mid, dark];
  const pen = canvas.getContext("2d");
  let flakes: readonly Flake[] = [];
  let frame = 0;
  let lastMs = 0;

  function draw(nowMs: number): void {
    const ratio = canvas.width / Math.max(1, canvas.clientWidth);
    const elapsedMs = Math.min(LONGEST_STEP_MS, nowMs - lastMs);
    lastMs = nowMs;
    flakes = flakes.filter(({ bornMs }) => nowMs - bornMs < LIFE_MS).map((flake) => fall(flake, elapsedMs));
    pen?.resetTransform();
    pen?.clearRect(0, 0, canvas.width, canvas.height);
    for (const { x, y, turn, size, shade, bornMs } of flakes) {
      const [cos, sin] = [Math.cos(turn) * ratio, Math.sin(turn) * ratio];
      // Seen at a slant, as a flake that tumbles is.
      pen?.setTransform(cos, sin, -sin * 0.6, cos * 0.6, x * ratio, y * ratio);
      if (pen !== null) {
        pen.globalAlpha = Math.min(1, (LIFE_MS - (nowMs - bornMs)) / FADE_MS);
        pen.fillStyle = shade;
      }
      pen?.fillRect(-size / 2, -size / 2, size, size);
    }
    frame = flakes.length > 0 ? requestAnimationFrame(draw) : 0;
  }

  return {
    shed: (x, y, count) => {
      const nowMs = performance.now();
      const made = Array.from({ length: Math.min(count, MAX_FLAKES - flakes.length) }, () => ({
        x: x + spread(26),
        y: y + spread(22),
        vx: spread(0.16),
        vy: -Math.random() * 0.14,
        turn: spread(Math.PI),
        spin: spread(0.014),
        bornMs: nowMs,
        size: 1.6 + Math.random() * 3,
        shade: shades[Math.floor(Math.random() * shades.length)] ?? mid,
      }));
      flakes = [...flakes, ...made];
      if (frame !== 0 || flakes.length === 0) return;
      lastMs = nowMs;
      frame = requestAnimationFrame(draw);
    },
    stop: () => cancelAnimationFrame(frame),
  };
}

function fall(flake: Flake, elapsedMs: number): Flake {
  const vy = flake.vy + GRAVITY * elapsedMs;
  return { ...flake, vy, x: flake.x + flake.vx * elapsedMs, y: flake.y + vy * elapsedMs, turn: flake.turn + flake.spin * elapsedMs };
}

function spread(width: number): number {
  return (Math.random() - 0.5) * width;
}
