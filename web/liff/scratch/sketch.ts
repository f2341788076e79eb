/** A canvas off the page, `size` pixels square. */
export function sketch(size: number, draw: (pen: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  if (pen !== null) draw(pen);
  return canvas;
}
