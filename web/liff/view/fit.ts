/** How large all is, from as designed to words alone, as small as can be read. */
const SIZES = [1, 0.85, 0.72, 0.6, 0.5, 0.4, 0];

/**
 * Sets what `box` holds as large as lets it all be seen, now and whenever the box changes its size; by its custom property `--fit`, 1 or less. A word is
 * broken only where it has no room at any size. Gives how to end it.
 */
export function fit(box: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    for (const wrap of ["normal", "anywhere"]) {
      box.style.overflowWrap = wrap;
      for (const size of SIZES) {
        box.style.setProperty("--fit", String(size));
        if (isWhole(box)) return;
      }
    }
  });
  observer.observe(box);
  return () => observer.disconnect();
}

/** Whether nothing in a box that centres what it holds has grown into its padding. */
function isWhole(box: HTMLElement): boolean {
  const { paddingTop, paddingLeft } = getComputedStyle(box);
  return [...box.children].every(
    (child) =>
      !(child instanceof HTMLElement) ||
      (child.offsetTop >= Math.floor(Number.parseFloat(paddingTop)) && child.offsetLeft >= Math.floor(Number.parseFloat(paddingLeft))),
  );
}
