import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDemoClients } from "../scripts/prepare-demo.ts";
import type { DemoClients } from "../scripts/prepare-demo.ts";
import { startStack } from "../scripts/stack.ts";
import type { Stack, StackOptions } from "../scripts/stack.ts";
import { silent } from "../scripts/terminal.ts";

export interface TestHouse extends DemoClients {
  readonly stack: Stack;
  close(): Promise<void>;
}

/** The whole stack on free ports, with state and keys of its own that go with it. */
export async function openTestHouse(options: StackOptions = {}): Promise<TestHouse> {
  const folder = await mkdtemp(join(tmpdir(), "kuji-test-"));
  const stack = await startStack({
    persistTo: join(folder, "state"),
    keysDir: join(folder, "keys"),
    appPort: 0,
    sandboxPort: 0,
    buildPage: false,
    ...options,
  });
  const clients = await openDemoClients(stack, silent);
  const close = async () => {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { stack, ...clients, close };
}
