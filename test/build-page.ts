import { runCommand } from "../scripts/wrangler.ts";

/** Builds the development page once for all tests of the whole stack. */
export default async function buildPage(): Promise<void> {
  await runCommand("npm run build", "npm", ["run", "--silent", "build", "--", "--mode", "development"]);
}
