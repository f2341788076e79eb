import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../scripts/ports.ts";
import { waitFor } from "../../scripts/wait.ts";
import { runCommand } from "../../scripts/wrangler.ts";
import { loadDeck, readCard } from "./peer.ts";
import type { Most, Peer } from "./peer.ts";
import { startProcess } from "./processes.ts";
import type { ServerCommand, ServerProcess } from "./processes.ts";

const HERE = import.meta.dirname;
const READY_TIMEOUT_MS = 30_000;

export interface OutsideOptions {
  /** Where its files are. */
  readonly folder: string;
  /** What the partner signs with, base64. */
  readonly secret: string;
}

/** Node + Hono + Redis. */
export async function openNodeRedis(options: OutsideOptions): Promise<Peer> {
  return await openRedisPeer("node-redis", "Node, Hono, one Lua script, Redis with appendfsync always", options, (port, redisPort) => ({
    most: { single: 24_000, bulk: 90_000 },
    command: process.execPath,
    args: ["--no-warnings", join(HERE, "node-redis/server.ts"), port, redisPort],
  }));
}

/** Go + net/http + Redis. */
export async function openGoRedis(options: OutsideOptions): Promise<Peer> {
  const program = join(options.folder, "go-redis");
  await runCommand("go build", "go", ["build", "-C", join(HERE, "go-redis"), "-o", program, "."]);
  return await openRedisPeer("go-redis", "Go, net/http, the same script and Redis", options, (port, redisPort) => ({
    most: { single: 40_000, bulk: 120_000 },
    command: program,
    args: [port, redisPort, join(HERE, "draw.lua")],
  }));
}

type Command = Pick<ServerCommand, "command" | "args"> & { readonly most: Most };

async function openRedisPeer(
  name: string,
  what: string,
  { folder, secret }: OutsideOptions,
  command: (port: string, redisPort: string) => Command,
): Promise<Peer> {
  const redisPort = await freePort(0);
  const port = await freePort(0, [redisPort]);
  const dir = join(folder, `${name}-data`);
  await mkdir(dir, { recursive: true });
  const redis = {
    command: "redis-server",
    args: [
      "--port",
      String(redisPort),
      "--bind",
      "127.0.0.1",
      "--dir",
      dir,
      "--save",
      "",
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
    ],
  };
  const { most, ...server } = command(String(port), String(redisPort));
  const commands = [redis, { ...server, env: { PARTNER_SECRET: secret } }];
  return await openPeer({ name, what, most, durable: true, port, commands, logFile: join(folder, `${name}.log`) });
}

/** Tornado + memcached, persistence behind. */
export async function openTornado({ folder, secret }: OutsideOptions): Promise<Peer> {
  const memcachedPort = await freePort(0);
  const port = await freePort(0, [memcachedPort]);
  const python = join(folder, "venv/bin/python");
  await runCommand("python3 -m venv", "python3", ["-m", "venv", join(folder, "venv")]);
  await runCommand("pip install", python, [
    "-m",
    "pip",
    "install",
    "-q",
    "--disable-pip-version-check",
    "-r",
    join(HERE, "tornado/requirements.txt"),
  ]);
  // Memory for all that a run puts there, and no item is thrown out to make room: it would be drawn again.
  const memcached = { command: "memcached", args: ["-l", "127.0.0.1", "-p", String(memcachedPort), "-m", "2048", "-M", "-u", "nobody"] };
  const server = {
    command: python,
    args: [join(HERE, "tornado/server.py"), String(port), String(memcachedPort), join(folder, "tornado.ndjson")],
    env: { PARTNER_SECRET: secret },
  };
  const what = "Python, Tornado, memcached, written to disk a moment later";
  const most = { single: 5_000, bulk: 10_000 };
  return await openPeer({
    name: "tornado",
    what,
    most,
    durable: false,
    port,
    commands: [memcached, server],
    logFile: join(folder, "tornado.log"),
  });
}

interface PeerOptions extends Pick<Peer, "name" | "what" | "most" | "durable"> {
  readonly port: number;
  /** What it consists of, in the order of its start. */
  readonly commands: readonly Omit<ServerCommand, "logFile">[];
  readonly logFile: string;
}

async function openPeer({ name, what, most, durable, port, commands, logFile }: PeerOptions): Promise<Peer> {
  const origin = `http://127.0.0.1:${port}`;
  let processes: ServerProcess[] = [];
  const start = async () => {
    for (const command of commands) processes.push(await startProcess({ ...command, logFile }));
    await waitFor({ what: `${name} (${logFile})`, timeoutMs: READY_TIMEOUT_MS }, async () =>
      (await fetch(`${origin}/ready`).catch(() => null))?.ok === true ? true : null,
    );
  };
  await start();
  return {
    name,
    what,
    most,
    durable,
    origin,
    groups: () => processes.map(({ group }) => group),
    load: (campaign) => loadDeck(origin, campaign),
    card: (campaign, cardId) => readCard(origin, campaign, cardId),
    crash: async () => {
      await Promise.all(processes.map((one) => one.kill()));
      processes = [];
      await start();
    },
    close: async () => {
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}
