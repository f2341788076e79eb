import { Agent, request } from "node:http";
import type { OpenLoad, OpenMeasured } from "./open-load.ts";

/** The open load generator, a process of its own. */
process.on("message", (load: OpenLoad) => {
  void fire(load).then((measured) => process.send?.(measured));
});

const HOST = "127.0.0.1";
/** More would be a server that does not answer any more. */
const MAX_SOCKETS = 1_000;
const HEAD_END = "\r\n\r\n";

async function fire({ port, requests, perSecond }: OpenLoad): Promise<OpenMeasured> {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const latencies = new Float64Array(requests.length);
  const beganMs = performance.now();
  let [failed, next, lastMs] = [0, 0, beganMs];
  const answers: Promise<void>[] = [];
  const sendDue = () => {
    for (; next < requests.length && beganMs + (next * 1_000) / perSecond <= performance.now(); next += 1) {
      const [number, dueMs] = [next, beganMs + (next * 1_000) / perSecond];
      answers.push(
        (async () => {
          const good = await send(agent, port, requests[number] as Uint8Array);
          lastMs = performance.now();
          latencies[number] = lastMs - dueMs;
          if (!good) failed += 1;
        })(),
      );
    }
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      sendDue();
      if (next < requests.length) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(answers);
  agent.destroy();
  latencies.sort();
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { answered: requests.length, failed, seconds: (lastMs - beganMs) / 1_000, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Whether it was answered 200. */
async function send(agent: Agent, port: number, bytes: Uint8Array): Promise<boolean> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = text.indexOf(HEAD_END);
  const [first = "", ...lines] = text.toString("latin1", 0, end).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
  return await new Promise((resolve) => {
    const asked = request({ agent, host: HOST, port, method, path, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode === 200));
    });
    asked.on("error", () => resolve(false));
    asked.end(text.subarray(end + HEAD_END.length));
  });
}
