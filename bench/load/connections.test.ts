import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Answer } from "../answer-reader.ts";
import { wire } from "../wire.ts";
import { Connections } from "./connections.ts";
import type { Unanswered } from "./connections.ts";

const SOON_MS = 1_000;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers when it is told to, and as many connections to it. */
async function open(count: number) {
  const held = new Map<string, ServerResponse>();
  const server = createServer(({ url = "" }, response) => void held.set(url, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const connections = new Connections((server.address() as AddressInfo).port, count);
  closing.push(() => {
    connections.close();
    server.closeAllConnections();
    server.close();
  });
  const ask = (name: string) =>
    new Promise<Answer | Unanswered>((resolve) => connections.send(wire("GET", `/${name}`, { host: "test" }), SOON_MS, resolve));
  const arrived = async (...names: readonly string[]) => {
    await expect.poll(() => [...held.keys()].toSorted()).toEqual(names.map((name) => `/${name}`));
  };
  const answer = (name: string) => held.get(`/${name}`)?.end("done");
  const cut = (name: string) => held.get(`/${name}`)?.destroy();
  return { connections, ask, arrived, answer, cut };
}

test("no more calls are out than there are connections; the others follow in their order", async () => {
  const { ask, arrived, answer } = await open(2);
  const [a, b, c, d] = [ask("a"), ask("b"), ask("c"), ask("d")];
  await arrived("a", "b");
  answer("b");
  await b;
  await arrived("a", "b", "c");
  answer("a");
  await a;
  await arrived("a", "b", "c", "d");
  answer("c");
  answer("d");
  expect(await Promise.all([c, d])).toMatchObject([{ status: 200 }, { status: 200 }]);
});

test("what has no answer in time is given up, and so is what was never sent; the next call has a connection of its own", async () => {
  const { connections, ask, arrived, answer } = await open(1);
  const [sent, waiting] = [ask("a"), ask("b")];
  await arrived("a");
  connections.sweep(SOON_MS - 1);
  connections.sweep(SOON_MS);
  expect(await Promise.all([sent, waiting])).toEqual(["timeout", "not sent in time"]);
  const next = ask("c");
  await arrived("a", "c");
  answer("c");
  expect(await next).toMatchObject({ status: 200 });
});

test("a connection that the server ends is an error of its call, and is opened again", async () => {
  const { ask, arrived, answer, cut } = await open(1);
  const lost = ask("a");
  await arrived("a");
  cut("a");
  expect(await lost).toBe("closed");
  const next = ask("b");
  await arrived("a", "b");
  answer("b");
  expect(await next).toMatchObject({ status: 200 });
});
