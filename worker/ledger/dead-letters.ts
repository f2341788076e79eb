/** A header line is some 300 bytes; a longer first line is none. */
const MAX_HEADER_BYTES = 4_096;
/** A message is 128 KB at most; this much of one tells what it was. */
const MAX_LETTER_BYTES = 65_536;
const NEWLINE = 0x0a;
/** A letter that could not be kept comes back after this. */
const RETRY_DELAY_S = 60;

/**
 * Consumer of the dead-letter queues: keeps each message that no consumer could handle, for an operator to see. Nothing is lost with one:
 * an issuer sends its block again, a reward stays pending and is swept, an upload is found by the next scan.
 */
export async function consumeDeadLetters(batch: MessageBatch, env: Pick<Env, "LEDGER">): Promise<void> {
  const letters = batch.messages.map((message) => ({ id: message.id, body: deadLetter(message.body) }));
  for (const { id } of letters) console.error(JSON.stringify({ message: "dead letter", queue: batch.queue, id }));
  try {
    await env.LEDGER.prepare("INSERT INTO dead_letters (queue, body, at) SELECT ?1, value, ?2 FROM json_each(?3)")
      .bind(batch.queue, Date.now(), JSON.stringify(letters.map(({ body }) => body)))
      .run();
    for (const message of batch.messages) message.ack();
  } catch (error) {
    console.error(
      JSON.stringify({ message: "dead letters were not kept", queue: batch.queue, count: letters.length, error: String(error) }),
    );
    for (const message of batch.messages) message.retry({ delaySeconds: RETRY_DELAY_S });
  }
}

/** A message's body as JSON to keep: of a block, which travels as bytes, its header line alone; of anything too long, its size. */
export function deadLetter(body: unknown): string {
  if (body instanceof ArrayBuffer) return blockHeader(new Uint8Array(body));
  const text = JSON.stringify(body) ?? "null";
  return text.length <= MAX_LETTER_BYTES ? text : JSON.stringify({ tooLong: true, characters: text.length });
}

function blockHeader(bytes: Uint8Array): string {
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(NEWLINE);
  const line = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
  try {
    return JSON.stringify(JSON.parse(line));
  } catch {
    return JSON.stringify({ unreadable: true, bytes: bytes.byteLength });
  }
}
