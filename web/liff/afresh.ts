const AGAIN_MS = 2_000;

/**
 * Imports a part of the page. A browser remembers as long as the page lives that a module could not be fetched, and asks for it no more; under
 * another address, and Chromium tells the first in its error, it does. Rejects where that fails, too.
 */
export async function afresh<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    const [address] = /https?:\S+\.js/.exec(String(error)) ?? [];
    if (address === undefined) throw error;
    return (await import(/* @vite-ignore */ `${address}?${Date.now()}`)) as Part;
  }
}

/** The same, every two seconds until it is here. */
export async function insist<Part>(load: () => Promise<Part>): Promise<Part> {
  for (;;) {
    try {
      return await afresh(load);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

/**
 * The style sheet that was lost on its way is asked for until it is here. While it is awaited no script is run: then it is here, or lost, which browsers
 * do not tell alike; so what it says is looked for.
 */
export function insistOnStyle(link: HTMLLinkElement): void {
  const again = link.cloneNode() as HTMLLinkElement;
  again.addEventListener("error", () => setTimeout(insistOnStyle, AGAIN_MS, again));
  link.replaceWith(again);
}
