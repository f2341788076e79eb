import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { startSandbox } from "./server.ts";

const USAGE = `node sandbox/main.ts [--port 8788] [--keys sandbox/keys] [--state file.ndjson] [--audience kuji-admin] [--issuer origin]
  A stand-in LINE platform, Cloudflare Access, reward system and partner on one loopback port.
  --state   keeps grants across restarts`;

const DEFAULT_PORT = "8788";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: DEFAULT_PORT },
    keys: { type: "string", default: fileURLToPath(new URL("keys", import.meta.url)) },
    state: { type: "string" },
    audience: { type: "string" },
    issuer: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  try {
    const sandbox = await startSandbox({
      port: Number(values.port),
      keysDir: values.keys,
      ...(values.state === undefined ? {} : { stateFile: values.state }),
      ...(values.audience === undefined ? {} : { accessAudience: values.audience }),
      ...(values.issuer === undefined ? {} : { accessIssuer: values.issuer }),
    });
    console.log(`sandbox on ${sandbox.origin}, keys in ${values.keys}`);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void sandbox.close());
  } catch (error) {
    console.error(
      error instanceof Error && "code" in error && error.code === "EADDRINUSE"
        ? `port ${values.port} is taken: name another with --port`
        : error,
    );
    process.exitCode = 1;
  }
}
