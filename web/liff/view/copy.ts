/**
 * Copies a text. A webview may refuse, or know no clipboard: then `byHand` selects the text on the page and copies the selection,
 * and where that is refused as well the user finds it selected.
 */
export async function copy(
  text: string,
  clipboard: Pick<Clipboard, "writeText"> | undefined,
  byHand: () => boolean,
): Promise<"copied" | "selected"> {
  try {
    if (clipboard === undefined) return byHand() ? "copied" : "selected";
    await clipboard.writeText(text);
    return "copied";
  } catch {
    return byHand() ? "copied" : "selected";
  }
}

/** Selects what an element says and copies the selection in the old way. False where the browser refuses. */
export function copySelection(element: Element | null): boolean {
  if (element === null) return false;
  getSelection()?.selectAllChildren(element);
  // What came after it is what has just been refused.
  return document.execCommand("copy");
}
