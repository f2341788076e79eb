/** A ref: takes the focus to what has just been said, for who does not see it. The place of the page stays. */
export function focusOn(element: HTMLElement | null): void {
  element?.focus({ preventScroll: true });
}
