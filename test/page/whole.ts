import type { Page } from "playwright-core";

/**
 * Texts that cannot be read to their end: a line that sticks out of the page or of a box which shows nothing beyond its edge, or that the seal lies upon. What can be
 * scrolled to, upwards or downwards, is whole; what is hidden from a screen reader is no text.
 */
export async function cutTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(readCuts);
}

/** Runs in the page. */
function readCuts(): string[] {
  /** Of a line's box only the middle has ink; and pixels are rounded. */
  const tolerancePx = 2;
  const seals = [...document.querySelectorAll(".seal")].map((seal) => seal.getBoundingClientRect());
  const cuts = new Set<string>();
  const texts = document.createTreeWalker(document.querySelector("dialog:modal") ?? document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const words = text.textContent?.trim() ?? "";
    const element = text.parentElement;
    if (words === "" || element === null || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("[aria-hidden=true], .unseen, script, style, noscript") !== null) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const line of range.getClientRects()) {
      if (line.left < -tolerancePx || line.right > document.documentElement.clientWidth + tolerancePx) cuts.add(`off the page: ${words}`);
      if (element.closest(".band, .deck") !== null && seals.some((seal) => isOver(seal, line))) cuts.add(`under the seal: ${words}`);
      for (let around: Element | null = element; around !== null && around !== document.body; around = around.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(around);
        const box = around.getBoundingClientRect();
        const isOut =
          (overflowX !== "visible" && (line.left < box.left - tolerancePx || line.right > box.right + tolerancePx)) ||
          (["hidden", "clip"].includes(overflowY) && (line.top < box.top - tolerancePx || line.bottom > box.bottom + tolerancePx));
        if (isOut) cuts.add(`cut by .${around.className}: ${words}`);
      }
    }
  }
  return [...cuts];

  function isOver(seal: DOMRect, line: DOMRect): boolean {
    return line.right > seal.left && line.left < seal.right && line.bottom > seal.top + tolerancePx && line.top < seal.bottom - tolerancePx;
  }
}
