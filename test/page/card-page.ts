import type { Page } from "playwright-core";
import { messages } from "../../web/liff/text/en.ts";

/** Lines of a scratch are so far apart: a fingertip's width. */
const LINE_PX = 36;
const MARGIN_PX = 10;

/** What a user finds on the page of a card, by the words that are read or read out. */
export function cardPage(page: Page) {
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  return {
    foil: page.locator("canvas").first(),
    scratchForMe: button(messages.scratchForMe),
    sound: button(messages.sound),
    redeem: button(messages.redeem),
    redeeming: button(messages.redeeming),
    copy: button(messages.copy),
    draw: button(messages.draw),
    another: page.getByRole("link", { name: messages.another }),
    heading: (name: string) => page.getByRole("heading", { name }),
    text: (words: string) => page.getByText(words, { exact: true }),
  };
}

/** Scratches with the pointer: all of the foil, or its first lines. */
export async function scratch(page: Page, lines = Number.POSITIVE_INFINITY): Promise<void> {
  const { foil } = cardPage(page);
  await foil.waitFor();
  const box = await foil.boundingBox();
  if (box === null) throw new Error("there is no foil to scratch");
  const [left, right] = [box.x + MARGIN_PX, box.x + box.width - MARGIN_PX];
  await page.mouse.move(left, box.y + MARGIN_PX);
  await page.mouse.down();
  for (let line = 0; line < lines && MARGIN_PX + line * LINE_PX < box.height; line += 1) {
    const y = box.y + MARGIN_PX + line * LINE_PX;
    const [from, to] = line % 2 === 0 ? [left, right] : [right, left];
    await page.mouse.move(from, y);
    await page.mouse.move(to, y, { steps: 2 });
  }
  await page.mouse.up();
}

/** Lets the page scratch, and waits until the prize may be redeemed. */
export async function reveal(page: Page): Promise<void> {
  await cardPage(page).scratchForMe.click();
  await cardPage(page).redeem.waitFor();
}
