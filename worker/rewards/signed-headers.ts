import { Webhook } from "standardwebhooks";
import type { Settings } from "../settings.ts";

/**
 * The headers of Standard Webhooks for a body under `webhook-id` = `id`. Signed with the previous secret, too, while there is one: the provider
 * takes over the new one when it likes.
 */
export function signedHeaders(
  id: string,
  body: string,
  { WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS }: Pick<Settings, "WEBHOOK_SECRET" | "WEBHOOK_SECRET_PREVIOUS">,
  now: Date,
): Record<string, string> {
  const secrets = [WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS].filter((secret) => secret !== undefined);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(" "),
  };
}
