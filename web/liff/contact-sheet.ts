import type { Browser } from "playwright-core";

const COLUMNS = 8;
const SHEET_WIDTH = 1_536;
const GAP = 12;
/** A state is recognised in it; each picture by itself is sharper. */
const WEBP_QUALITY = 0.6;

export interface Picture {
  readonly title: string;
  /** PNG. */
  readonly shot: Buffer;
}

/** All pictures side by side, each with its name, as WebP. */
export async function contactSheet(browser: Browser, title: string, pictures: readonly Picture[]): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: SHEET_WIDTH, height: 1_080 } });
  const figures = pictures.map(
    ({ title: name, shot }) =>
      `<figure><img src="data:image/png;base64,${shot.toString("base64")}"><figcaption>${name}</figcaption></figure>`,
  );
  await page.setContent(`<style>
    body { margin: ${GAP}px; background: #8a8580; font: 13px system-ui, sans-serif }
    h1 { margin: 0 0 ${GAP}px; font-size: 18px }
    main { columns: ${COLUMNS}; column-gap: ${GAP}px }
    figure { margin: 0 0 ${GAP}px; break-inside: avoid }
    img { display: block; width: 100%; border-radius: 6px }
    figcaption { padding: 3px 2px }
  </style><h1>${title}</h1><main>${figures.join("")}</main>`);
  const sheet = await page.screenshot({ fullPage: true });
  const webp = await page.evaluate(
    async ({ png, quality }) => {
      const image = new Image();
      image.src = png;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext("2d")?.drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", quality);
    },
    { png: `data:image/png;base64,${sheet.toString("base64")}`, quality: WEBP_QUALITY },
  );
  await page.close();
  return Buffer.from(webp.slice(webp.indexOf(",") + 1), "base64");
}
