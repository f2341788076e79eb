import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** How many ports past the wanted one are tried. */
const MAX_TRIES = 200;
const LOOPBACKS = ["127.0.0.1", "::1"] as const;

/** The port `wanted`, or the next one up that is free on this machine and not among `taken`; 0: any. */
export async function freePort(wanted: number, taken: readonly number[] = []): Promise<number> {
  if (wanted === 0) return await anyFreePort(taken);
  for (let port = wanted; port < wanted + MAX_TRIES; port += 1) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${wanted} and ${wanted + MAX_TRIES - 1}`);
}

async function anyFreePort(taken: readonly number[]): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = await listenOnce(0, LOOPBACKS[0]);
    if (port !== null && !taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error("no free port on this machine");
}

/** `localhost` is either address: a port is free when nobody listens on both. A machine without IPv6 refuses the address, not the port. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of LOOPBACKS) if ((await listenOnce(port, host)) === null) return false;
  return true;
}

/** The port on which a server could listen for a moment; null when it is taken. */
async function listenOnce(port: number, host: string): Promise<number | null> {
  const server = createServer();
  server.listen({ port, host, exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    return isErrno(error, "EADDRINUSE") || isErrno(error, "EACCES") ? null : port;
  }
  const { port: listening } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return listening;
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
