import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Measured, Shot } from "./shot.ts";

/** The load generator, a process of its own: each connection sends a request when the one before it is answered. */
process.on("message", (shot: Shot) => {
  void fire(shot).then((measured) => process.send?.(measured));
});

const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH = /content-length: (\d+)/i;
const GOOD = "HTTP/1.1 200";

async function fire({ port, requests, once, connections, warmUpMs, measureMs }: Shot): Promise<Measured> {
  const startAtMs = performance.now() + warmUpMs;
  const endAtMs = startAtMs + measureMs;
  const latencies: number[] = [];
  let [next, failed, lastAtMs] = [0, 0, startAtMs];
  const drive = async (socket: Socket): Promise<void> => {
    const answers = new AnswerReader(socket);
    const isOver = (nowMs: number) => nowMs >= endAtMs || (once && next >= requests.length);
    for (let now = performance.now(); !isOver(now);) {
      socket.write(requests[next % requests.length] as Uint8Array);
      next += 1;
      const good = await answers.read();
      const answeredAtMs = performance.now();
      if (now >= startAtMs && answeredAtMs <= endAtMs) {
        latencies.push(answeredAtMs - now);
        if (!good) failed += 1;
        lastAtMs = answeredAtMs;
      }
      now = answeredAtMs;
    }
    socket.destroy();
  };
  let cpu = process.cpuUsage();
  const warm = setTimeout(() => (cpu = process.cpuUsage()), warmUpMs);
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  await Promise.all(sockets.map(drive));
  clearTimeout(warm);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (latencies.length === 0 ? measureMs : lastAtMs - startAtMs) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { answered: latencies.length, failed, seconds, p50Ms: at(0.5), p99Ms: at(0.99), busy: (user + system) / 1e6 / seconds };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

/** Finds the end of each answer, and its status; looks at nothing else of it. */
class AnswerReader {
  #received: Buffer = Buffer.alloc(0);
  #done: ((good: boolean) => void) | null = null;
  #fail: (error: Error) => void = () => {};

  constructor(socket: Socket) {
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server ended a connection")));
  }

  async read(): Promise<boolean> {
    return await new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
    });
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString("latin1", 0, headEnd);
    const length = LENGTH.exec(head)?.[1];
    if (length === undefined) return this.#fail(new Error(`an answer without its length:\n${head}`));
    const end = headEnd + HEAD_END.length + Number(length);
    if (this.#received.length < end) return;
    this.#received = this.#received.subarray(end);
    this.#done?.(head.startsWith(GOOD));
  }
}
