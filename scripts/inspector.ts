import { once } from "node:events";

/** The isolate of the app's Worker and its Durable Objects, among those of Miniflare's own. */
const ISOLATE = "core:user:kuji";
const TIMEOUT_MS = 5_000;

export interface Inspector {
  /** One call of the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/v8/), and its result; one at a time. */
  ask<Result>(method: string, params?: object, timeoutMs?: number): Promise<Result>;
  close(): void;
}

/** Attaches to workerd's inspector. */
export async function openInspector(port: number): Promise<Inspector> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${ISOLATE}`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await Promise.race([
    once(socket, "open", { signal }),
    once(socket, "close", { signal }).then(() => Promise.reject(new Error("no inspector"))),
  ]);
  let id = 0;
  return {
    async ask<Result>(method: string, params: object = {}, timeoutMs = TIMEOUT_MS) {
      id += 1;
      const answer = once(socket, "message", { signal: AbortSignal.timeout(timeoutMs) });
      socket.send(JSON.stringify({ id, method, params }));
      const [message] = (await answer) as [MessageEvent<string>];
      return (JSON.parse(message.data) as { result: Result }).result;
    },
    close: () => socket.close(),
  };
}
