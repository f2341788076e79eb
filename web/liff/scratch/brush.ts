/** A fingertip, as a radius in CSS pixels, and how far a device is believed that tells of a larger or smaller one. */
const RADIUS = 21;
const MIN_RADIUS = 15;
const MAX_RADIUS = 29;
/** A finger that rests presses itself flat; one this fast, in CSS pixels a millisecond, runs on its tip. */
const FAST = 2.4;
const SPEED_SHARE = 0.22;
const PRESSURE_SHARE = 0.5;
/** How much of a new width a stroke takes on at once: an edge swells, it does not jump. */
const SOFTNESS = 0.3;

/** What a pointer event tells of the finger. */
export type Touch = Pick<PointerEvent, "pointerType" | "width" | "height" | "pressure">;

/** The radius of the brush under this finger, at a speed in CSS pixels a millisecond; `before` is what it was, null for a new stroke. */
export function brushRadius({ pointerType, width, height, pressure }: Touch, speed: number, before: number | null): number {
  const told = pointerType === "touch" ? Math.max(width, height) / 2 : 0;
  // Devices that feel no pressure say none, half, or all of it.
  const pressed = pressure % 0.5 === 0 ? 0 : PRESSURE_SHARE * (pressure - 0.5);
  const hurried = SPEED_SHARE * (0.5 - Math.min(1, speed / FAST));
  const radius = (told > 1 ? told : RADIUS) * (1 + pressed + hurried);
  const within = Math.min(MAX_RADIUS, Math.max(MIN_RADIUS, radius));
  return before === null ? within : before + (within - before) * SOFTNESS;
}
