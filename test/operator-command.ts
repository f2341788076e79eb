import { execFile } from "node:child_process";
import { join } from "node:path";
import { accessToken } from "../scripts/admin-client.ts";
import { ROOT } from "../scripts/wrangler.ts";
import type { TestHouse } from "./house.ts";

/** Runs one of the commands for operators (`scripts/<name>.ts`) against a house, to its end. */
export async function runOperatorCommand(
  { stack }: TestHouse,
  name: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  const all = [...args, "--origin", stack.appOrigin, "--access-token", await accessToken(stack)];
  return await new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, `scripts/${name}.ts`), ...all], (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), stdout }),
    );
  });
}
