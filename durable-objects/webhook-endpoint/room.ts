/** Some 600 MB of the 10 GB that an object may hold. Beyond, events are missed, and a replay brings them back from the lake. */
export const MAX_PENDING_EVENTS = 2_000_000;

/** Parts events into those that there is room for beside `pending` others, the first ones, and those that are missed. */
export function admit<Event>(
  pending: number,
  events: readonly Event[],
): { readonly kept: readonly Event[]; readonly missed: readonly Event[] } {
  const room = Math.max(0, MAX_PENDING_EVENTS - pending);
  return { kept: events.slice(0, room), missed: events.slice(room) };
}
