import type { Metal } from "../../../worker/player/theme.ts";
import { sketch } from "./sketch.ts";

/** Ragged edges differ; this many suffice for none to be recognised. */
const STAMPS = 5;
const SIZE = 96;
const TEETH = 44;
const SPECKS = 9;

/** One touch of the brush: what it takes away, the rim that it presses into the foil around that, and the scuff it leaves on foil that holds. */
export interface Stamp {
  readonly hole: HTMLCanvasElement;
  readonly rim: HTMLCanvasElement;
  readonly scuff: HTMLCanvasElement;
}

export function cutStamps(metal: Metal): readonly Stamp[] {
  return Array.from({ length: STAMPS }, () => {
    const hole = raggedDisc();
    return { hole, rim: tinted(hole, metal.dark, 0.7), scuff: tinted(hole, metal.glint, 0.34) };
  });
}

/** A disc with the edge of torn foil: whole in the middle, a haze that a second stroke takes off, and a few specks that did not come off. */
function raggedDisc(): HTMLCanvasElement {
  return sketch(SIZE, (pen) => {
    const middle = SIZE / 2;
    for (const [alpha, reach] of [
      [0.3, 1],
      [1, 0.95],
    ] as const) {
      pen.globalAlpha = alpha;
      pen.beginPath();
      for (let i = 0; i < TEETH; i++) {
        const [turn, r] = [(i / TEETH) * 2 * Math.PI, middle * reach * (1 - Math.random() ** 2 * 0.16)];
        pen.lineTo(middle + Math.cos(turn) * r, middle + Math.sin(turn) * r);
      }
      pen.fill();
    }
    pen.globalCompositeOperation = "destination-out";
    for (let i = 0; i < SPECKS; i++) {
      const [turn, r] = [Math.random() * 2 * Math.PI, middle * (0.7 + Math.random() * 0.22)];
      pen.fillRect(middle + Math.cos(turn) * r, middle + Math.sin(turn) * r, 2 + Math.random() * 3, 2 + Math.random() * 2);
    }
  });
}

function tinted(shape: HTMLCanvasElement, colour: string, alpha: number): HTMLCanvasElement {
  return sketch(SIZE, (pen) => {
    pen.drawImage(shape, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.fillRect(0, 0, SIZE, SIZE);
  });
}
