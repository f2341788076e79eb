/** `shown`: nothing could be sent or copied, so the link is shown. */
export type Shared = "sent" | "cancelled" | "copied" | "shown";

/** The ways in which a link may leave this page, the best one first; null where the browser has no such way. */
export interface Ways {
  /** LINE's own list of friends. */
  readonly picker: (() => Promise<"sent" | "cancelled" | "unavailable">) | null;
  /** The system's share sheet. */
  readonly system: (() => Promise<void>) | null;
  readonly copy: () => Promise<boolean>;
}

/** Shares by the first way that works. Who closes a list of friends has changed their mind, and is not asked again in another way. */
export async function shareBy({ picker, system, copy }: Ways): Promise<Shared> {
  const picked = (await picker?.().catch(() => "unavailable" as const)) ?? "unavailable";
  if (picked !== "unavailable") return picked;
  try {
    if (system !== null) {
      await system();
      return "sent";
    }
  } catch (error) {
    // Closed, or open already.
    if (error instanceof Error && (error.name === "AbortError" || error.name === "InvalidStateError")) return "cancelled";
  }
  return (await copy()) ? "copied" : "shown";
}
