import type { Cover, Metal } from "../../../worker/player/theme.ts";
import { sketch } from "./sketch.ts";

/** Edge of one tile of the overprint, in CSS pixels. */
const TILE = 36;
const GRAIN = 128;
const FRAME_INSET = 9;
/** Height of the words on a phone's panel and its share of a larger one's width, and how much of that width they may take. */
const WORDS_SIZE = 34;
const WORDS_SIZE_SHARE = 0.092;
const WORDS_SHARE = 0.62;

/**
 * Prints the foil: metal, grain, an overprint of the cover's own figure, a frame, and the words in the middle.
 * `context` is scaled to CSS pixels; `width` and `height` are in CSS pixels.
 */
export function printFoil(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  cover: Cover,
  metal: Metal,
  words: string,
): void {
  context.save();
  printMetal(context, width, height, metal);
  printGrain(context, width, height);
  printFigures(context, width, height, cover, metal);
  printFrame(context, width, height, metal);
  printWords(context, width, height, metal, words);
  context.restore();
}

function printMetal(context: CanvasRenderingContext2D, width: number, height: number, metal: Metal): void {
  // The light falls across at the angle at which printed metal shows its bands.
  const sheen = context.createLinearGradient(0, height * 0.15, width, height * 0.85);
  const bands = [metal.mid, metal.light, metal.glint, metal.light, metal.mid, metal.mid, metal.light, metal.glint, metal.light, metal.mid];
  bands.forEach((shade, i) => sheen.addColorStop(i / (bands.length - 1), shade));
  context.fillStyle = sheen;
  context.fillRect(0, 0, width, height);
  const fall = context.createLinearGradient(0, 0, 0, height);
  fall.addColorStop(0, "rgba(255,255,255,.28)");
  fall.addColorStop(0.4, "rgba(255,255,255,0)");
  fall.addColorStop(1, "rgba(0,0,0,.14)");
  context.fillStyle = fall;
  context.fillRect(0, 0, width, height);
}

/** Brushed metal: noise, drawn out to the side. */
function printGrain(context: CanvasRenderingContext2D, width: number, height: number): void {
  const grain = sketch(GRAIN, (pen) => {
    const image = pen.createImageData(GRAIN, GRAIN);
    for (let i = 0; i < image.data.length; i += 4) {
      const light = Math.random() < 0.5;
      image.data.fill(light ? 255 : 0, i, i + 3);
      image.data[i + 3] = Math.random() * (light ? 46 : 30);
    }
    pen.putImageData(image, 0, 0);
  });
  for (let y = 0; y < height; y += GRAIN) context.drawImage(grain, 0, y, Math.max(width, GRAIN * 6), GRAIN);
}

function printFigures(context: CanvasRenderingContext2D, width: number, height: number, cover: Cover, metal: Metal): void {
  const resolution = 3;
  const figure = sketch(TILE * resolution, (pen) => {
    pen.scale(resolution, resolution);
    pen.strokeStyle = metal.ink;
    pen.fillStyle = metal.ink;
    pen.lineWidth = 0.9;
    FIGURES[cover](pen);
  });
  const pattern = context.createPattern(figure, "repeat");
  if (pattern === null) return;
  pattern.setTransform(new DOMMatrix().translate(width / 2, height / 2).scale(1 / resolution));
  context.globalAlpha = 0.2;
  context.fillStyle = pattern;
  context.fillRect(0, 0, width, height);
  context.globalAlpha = 1;
}

/** Two figures a tile stand on its diagonal: there they are staggered when it is repeated. */
const QUARTERS = [TILE / 4, (TILE * 3) / 4];

/** One tile of each cover's overprint: coins, diamonds, clover, waves. */
const FIGURES: Readonly<Record<Cover, (pen: CanvasRenderingContext2D) => void>> = {
  gold: (pen) => {
    for (const at of QUARTERS) {
      ring(pen, at, at, 8.4);
      ring(pen, at, at, 6.8);
      pen.strokeRect(at - 2.2, at - 2.2, 4.4, 4.4);
    }
  },
  silver: (pen) => {
    for (const at of QUARTERS) star(pen, at, at, 6.5, 1.7);
  },
  green: (pen) => {
    for (const at of QUARTERS) {
      for (let leaf = 0; leaf < 4; leaf++) {
        const turn = (leaf * Math.PI) / 2 + Math.PI / 4;
        ring(pen, at + Math.cos(turn) * 3.6, at + Math.sin(turn) * 3.6, 3);
      }
    }
  },
  red: (pen) => {
    for (const [x, y] of [
      [0, TILE],
      [TILE, TILE],
      [TILE / 2, TILE * 0.75],
      [0, TILE / 2],
      [TILE, TILE / 2],
      [TILE / 2, TILE * 0.25],
      [TILE / 2, TILE * 1.25],
    ] as const) {
      for (const r of [5, 9.5, 14]) {
        pen.beginPath();
        pen.arc(x, y, r, Math.PI * 1.17, Math.PI * 1.83);
        pen.stroke();
      }
    }
  },
};

function printFrame(context: CanvasRenderingContext2D, width: number, height: number, metal: Metal): void {
  context.strokeStyle = metal.ink;
  context.globalAlpha = 0.42;
  for (const [inset, lineWidth] of [
    [FRAME_INSET, 1.4],
    [FRAME_INSET + 3.5, 0.6],
  ] as const) {
    context.lineWidth = lineWidth;
    context.beginPath();
    // Safari before 16 prints no frame.
    context.roundRect?.(inset, inset, width - 2 * inset, height - 2 * inset, 7);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The words stand embossed on a clear field: a light edge below, the ink above. */
function printWords(context: CanvasRenderingContext2D, width: number, height: number, metal: Metal, words: string): void {
  const [x, y] = [width / 2, height / 2];
  const field = context.createRadialGradient(x, y, 0, x, y, width * 0.36);
  field.addColorStop(0, `${metal.light}f0`);
  field.addColorStop(0.5, `${metal.light}d0`);
  field.addColorStop(1, `${metal.light}00`);
  context.save();
  context.translate(x, y);
  context.scale(1, 0.5);
  context.translate(-x, -y);
  context.fillStyle = field;
  context.fillRect(0, -height, width, height * 3);
  context.restore();

  const { fontFamily } = getComputedStyle(context.canvas);
  const size = Math.max(WORDS_SIZE, width * WORDS_SIZE_SHARE);
  context.font = `800 ${size}px ${fontFamily}`;
  const fit = Math.min(1, (width * WORDS_SHARE) / context.measureText(words).width);
  context.font = `800 ${size * fit}px ${fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = metal.glint;
  context.fillText(words, x, y + 1.2);
  context.fillStyle = metal.ink;
  context.fillText(words, x, y);
  const half = Math.min(width * 0.36, context.measureText(words).width / 2 + 24);
  for (const side of [-1, 1]) star(context, x + side * half, y, 5.5, 1.5);
}

function ring(pen: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.stroke();
}

function star(pen: CanvasRenderingContext2D, x: number, y: number, long: number, short: number): void {
  pen.beginPath();
  for (let point = 0; point < 8; point++) {
    const [r, turn] = [point % 2 === 0 ? long : short, (point * Math.PI) / 4];
    pen.lineTo(x + Math.sin(turn) * r, y - Math.cos(turn) * r);
  }
  pen.fill();
}
