import { connect } from "node:net";
import type { Socket } from "node:net";
import { AnswerReader } from "../answer-reader.ts";
import type { Answer } from "../answer-reader.ts";
import { serveOrders } from "../generator-process.ts";
import type { Measured, Shot } from "./shot.ts";

/** The load generator, a process of its own: each connection sends a request when the one before it is answered. */
serveOrders(fire);

const GOOD = 200;

async function fire({ port, requests, once, connections, warmUpMs, measureMs }: Shot): Promise<Measured> {
  const startAtMs = performance.now() + warmUpMs;
  const endAtMs = startAtMs + measureMs;
  const latencies: number[] = [];
  let [next, failed, lastAtMs] = [0, 0, startAtMs];
  const drive = async (socket: Socket): Promise<void> => {
    const answers = answersOf(socket);
    const isOver = (nowMs: number) => nowMs >= endAtMs || (once && next >= requests.length);
    for (let now = performance.now(); !isOver(now);) {
      socket.write(requests[next % requests.length] as Uint8Array);
      next += 1;
      const { status } = await answers.next();
      const answeredAtMs = performance.now();
      if (now >= startAtMs && answeredAtMs <= endAtMs) {
        latencies.push(answeredAtMs - now);
        if (status !== GOOD) failed += 1;
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

/** The answers of a connection, one asked for at a time. */
function answersOf(socket: Socket): { next(): Promise<Answer> } {
  let done: (answer: Answer) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const reader = new AnswerReader((answer) => done(answer));
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  socket.on("error", (error) => fail(error));
  socket.on("close", () => fail(new Error("the server ended a connection")));
  return {
    next: () =>
      new Promise((resolve, reject) => {
        done = resolve;
        fail = reject;
      }),
  };
}
