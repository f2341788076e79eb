import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "./ports.ts";

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("a free port is given as wanted, a taken one passed over", async () => {
  const free = await freePort(0);
  expect(await freePort(free)).toBe(free);
  const taken = await takenPort();
  expect(await freePort(taken)).toBeGreaterThan(taken);
});

test("a port that is already spoken for is passed over", async () => {
  const free = await freePort(0);
  expect(await freePort(free, [free])).toBeGreaterThan(free);
});
