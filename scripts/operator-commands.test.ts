import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Rebuilding, Rebuilt } from "./admin-client.ts";
import { ROOT } from "./wrangler.ts";

interface Asked {
  readonly path: string;
  readonly body: unknown;
}

let close: () => void = () => {};
afterEach(() => close());

/** Somebody who answers as an app might; `answer` gives status and body. */
async function app(
  answer: (asked: Asked) => readonly [number, object] | null,
): Promise<{ readonly origin: string; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const call = { path: request.url ?? "", body: text === "" ? null : (JSON.parse(text) as unknown) };
      asked.push(call);
      const told = answer(call);
      if (told === null) response.destroy();
      else response.writeHead(told[0], { "content-type": "application/json" }).end(JSON.stringify(told[1]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => server.close();
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function run(name: string, ...args: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, `scripts/${name}.ts`), ...args, "--access-token", "t"], (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), stdout }),
    );
  });
}

const rebuild = (origin: string, ...args: string[]) =>
  run("ledger-rebuild", "--origin", origin, "--campaign", "spring", "--from", "lake", ...args);

const begun: Rebuilding = { done: false, startedAt: 1, phase: "hash", cards: 0, blocks: 0 };
const ended: Rebuilt = {
  done: true,
  cards: 9,
  blocks: 2,
  damaged: 0,
  missing: 0,
  held: 0,
  faults: [],
  hashBefore: "a",
  hashAfter: "a",
  rewards: { granted: 1, pending: 3, failed: 0 },
};
const isBegin = ({ body }: Asked) => !Object.hasOwn(body as object, "startedAt");

test.each([
  ["ledger-rebuild", ["--campaign", "spring", "--from", "lake"]],
  ["reconcile", ["--campaign", "spring"]],
  ["redrive", ["--campaign", "spring"]],
  ["verify", ["--campaign", "spring"]],
])("%s names the address that does not answer, and says how to start the app", async (name, args) => {
  const { origin } = await app(() => null);
  close();
  const { code, stdout } = await run(name, ...args, "--origin", origin);
  expect(code).toBe(2);
  expect(stdout).toContain(`${origin} does not answer (ECONNREFUSED)`);
  expect(stdout).toContain("Start it with npm start, or say --origin URL.");
});

test.each([
  ["ledger-rebuild", ["--campaign", "", "--from", "lake"], 'not ""'],
  ["ledger-rebuild", ["--campaign", "spring", "--from", "lake", "--from", "issuers"], "--from is given twice"],
  ["ledger-rebuild", ["--campaign", "spring"], "--from issuers or --from lake"],
  ["reconcile", ["--campaign", "../x"], 'not "../x"'],
  ["redrive", ["--campaign", "spring", "--dryrun"], "Unknown option '--dryrun'"],
  ["verify", ["--campaign", "..%2f"], 'not "..%2f"'],
  ["verify", [], "--proof FILE"],
  ["reconcile", ["--campaign", "spring", "--origin", "localhost"], '--origin is a URL, as https://kuji.example.com, not "localhost"'],
])("%s %j asks nobody, and says what is wrong", async (name, args, message) => {
  const { code, stdout } = await run(name, ...args);
  expect(code).toBe(2);
  expect(stdout).toContain(message);
});

test("a rebuild that holds rewards says so, why, and what is to do, and ends with 2", async () => {
  const faults = ["rewards/spring/2027-02-05/000000000001-0123456789abcdef.ndjson is not as it was written"];
  const { origin, asked } = await app((call) => [200, isBegin(call) ? begun : { ...ended, damaged: 1, held: 3, faults }]);
  const { code, stdout } = await rebuild(origin);
  expect(code).toBe(2);
  for (const fault of faults) expect(stdout).toContain(fault);
  expect(stdout).toContain("3 rewards may have been granted");
  expect(stdout).toContain("npm run redrive -- --campaign spring --held --dry-run");
  expect(stdout).toContain("damaged=1 missing=0 held=3 hash-before=a hash-after=a same=true");
  expect(asked.map(({ path }) => path)).toEqual(Array(2).fill("/admin/v1/campaigns/spring/ledger/rebuild"));
});

test("a rebuild that is whole tells how far it is on the way, and ends with 0", async () => {
  const { origin, asked } = await app((call) => [200, isBegin(call) ? begun : ended]);
  const { code, stdout } = await rebuild(origin, "--instead");
  expect(code).toBe(0);
  expect(stdout).toContain("what the ledger says is read: 0 cards, 0 blocks");
  expect(asked.map(({ body }) => body)).toEqual([
    { from: "lake", instead: true },
    { from: "lake", startedAt: 1 },
  ]);
});

test("a rebuild under way says that the app goes on with it where it is not reached any more", async () => {
  const { origin } = await app((call) => (isBegin(call) ? [200, begun] : null));
  const { code, stdout } = await rebuild(origin);
  expect(code).toBe(2);
  expect(stdout).toContain("the app goes on with it by itself");
  expect(stdout).toContain(`${origin} does not answer`);
});

test("a rebuild that another is in the way of tells which", async () => {
  const detail = "The campaign's ledger is being rebuilt from the issuers since 2027-02-05T12:00:00.000Z";
  const { origin } = await app(() => [409, { code: "ledger_rebuilding", detail }]);
  expect(await rebuild(origin)).toMatchObject({ code: 2, stdout: expect.stringContaining(detail) });
});

test("a reconciliation of a ledger that is being rebuilt says so, and does not wait for blocks that it does not take", async () => {
  const detail = "The campaign's ledger is being rebuilt from the lake since 2027-02-05T12:00:00.000Z";
  const standing = { prizes: [], unsettled: { blocks: 3, events: 0 }, heldRewards: 0, rebuild: { from: "lake" }, differences: [] };
  const isInvariants = ({ path }: Asked) => path.endsWith("/invariants");
  const { origin, asked } = await app((call) => (isInvariants(call) ? [200, standing] : [409, { code: "ledger_rebuilding", detail }]));
  const { code, stdout } = await run("reconcile", "--origin", origin, "--campaign", "spring");
  expect(code).toBe(2);
  expect(stdout).toContain(detail);
  expect(asked.filter(isInvariants)).toHaveLength(1);
});
