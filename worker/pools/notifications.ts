import { z } from "zod";
import { CONTINUE } from "./continue.ts";
import { importObject } from "./import.ts";

/** A failed import comes back after this; the schedule's scan would find the object anyway. */
const RETRY_DELAY_S = 10;

/**
 * An R2 event notification, as far as it matters here: https://developers.cloudflare.com/r2/buckets/event-notifications/#message-format.
 * Of what was deleted nothing is undone: stock leaves a pool by being drawn. Our own messages have the same form.
 */
const notificationSchema = z.object({
  action: z.enum(["PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "LifecycleDeletion", CONTINUE]),
  object: z.object({ key: z.string() }),
});

/** Consumer of `pool-uploads`: imports each announced object; what could not be finished comes back. */
export async function consumePoolUploads(batch: MessageBatch, env: Env): Promise<void> {
  for (const message of batch.messages) {
    const parsed = notificationSchema.safeParse(message.body);
    if (!parsed.success) {
      console.error(JSON.stringify({ message: "not an R2 event notification", id: message.id, issues: parsed.error.issues }));
      message.ack();
      continue;
    }
    const { action, object } = parsed.data;
    try {
      if (action !== "DeleteObject" && action !== "LifecycleDeletion") await importObject(env, object.key, Date.now());
      message.ack();
    } catch (error) {
      console.error(JSON.stringify({ message: "upload not imported, to be tried again", object: object.key, error: String(error) }));
      message.retry({ delaySeconds: RETRY_DELAY_S });
    }
  }
}
