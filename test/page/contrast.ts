import type { Page } from "playwright-core";

/** WCAG 2.2, 1.4.3: what text must have against what is behind it; less where it is large. */
const ENOUGH = 4.5;
const ENOUGH_FOR_LARGE = 3;
/** The finest lines of an ornament are not what a letter stands on. */
const ORNAMENT_SHARE = 0.05;

/** A line of text, where it stands, and the least contrast it may have. */
interface Line {
  readonly words: string;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Red, green, blue and opacity, 0 to 255. */
  readonly colour: readonly number[];
  readonly enough: number;
}

/**
 * Texts that are too faint on what is drawn behind them, as the page looks now: gradients, pictures and pseudo-elements too, of which axe says that it cannot tell.
 * What is hidden from view or from a screen reader, stands on a disabled control or behind an open dialog, is left out; what is selected has the browser's own
 * colours, and is let go. The page must be shown in CSS pixels.
 */
export async function faintTexts(page: Page): Promise<readonly string[]> {
  const lines = await page.evaluate(readLines, { enough: ENOUGH, enoughForLarge: ENOUGH_FOR_LARGE });
  const wordless = await page.addStyleTag({
    content: "* { color: transparent !important; text-shadow: none !important; transition: none !important }",
  });
  const picture = await page.screenshot({ fullPage: true });
  await wordless.evaluate((style) => (style as unknown as Element).remove());
  const contrasts = await page.evaluate(measureContrasts, { png: picture.toString("base64"), lines, share: ORNAMENT_SHARE });
  return lines.flatMap(({ words, enough }, i) => {
    const contrast = contrasts[i] ?? 0;
    return contrast >= enough ? [] : [`${words}: ${contrast.toFixed(2)}, not ${enough}`];
  });
}

/** Runs in the page. */
function readLines({ enough, enoughForLarge }: { readonly enough: number; readonly enoughForLarge: number }): Line[] {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colourOf = (css: string): number[] => {
    if (pen === null) return [];
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  getSelection()?.removeAllRanges();
  const lines: Line[] = [];
  const texts = document.createTreeWalker(document.querySelector("dialog:modal") ?? document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const words = text.textContent?.trim() ?? "";
    const element = text.parentElement;
    if (words === "" || element === null || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("[aria-hidden=true], [aria-disabled=true], .unseen, script, style, noscript") !== null) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const [red = 0, green = 0, blue = 0, alpha = 0] = colourOf(color);
    let opacity = 1;
    for (let around: Element | null = element; around !== null; around = around.parentElement)
      opacity *= Number(getComputedStyle(around).opacity);
    const isLarge = Number.parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const { x, y, width, height } of range.getClientRects()) {
      const box = { x: Math.floor(x + scrollX), y: Math.floor(y + scrollY), width: Math.ceil(width), height: Math.ceil(height) };
      if (width >= 1) lines.push({ words, box, colour: [red, green, blue, alpha * opacity], enough: isLarge ? enoughForLarge : enough });
    }
  }
  return lines;
}

/** Runs in the page: of each line, the contrast that all but a share of the pixels behind it give it. */
async function measureContrasts({
  png,
  lines,
  share,
}: {
  readonly png: string;
  readonly lines: readonly Line[];
  readonly share: number;
}): Promise<number[]> {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (byte) => byte.codePointAt(0) ?? 0)], { type: "image/png" }));
  const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new Error("this browser draws on no canvas");
  pen.drawImage(bitmap, 0, 0);
  const linear = (value: number) => (value / 255 <= 0.040_45 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb: readonly number[]) => {
    const [red = 0, green = 0, blue = 0] = rgb.map(linear);
    return 0.212_6 * red + 0.715_2 * green + 0.072_2 * blue;
  };
  return lines.map(({ box, colour }) => {
    const { data } = pen.getImageData(box.x, box.y, Math.max(1, box.width), Math.max(1, box.height));
    const [alpha = 255] = colour.slice(3);
    const contrasts: number[] = [];
    for (let i = 0; i < data.length; i += 4) {
      const behind = [0, 1, 2].map((channel) => data[i + channel] ?? 0);
      const seen = behind.map((value, channel) => value + ((colour[channel] ?? 0) - value) * (alpha / 255));
      const [dark = 0, light = 0] = [luminance(behind), luminance(seen)].sort((a, b) => a - b);
      contrasts.push((light + 0.05) / (dark + 0.05));
    }
    return contrasts.sort((a, b) => a - b)[Math.floor(contrasts.length * share)] ?? 0;
  });
}
