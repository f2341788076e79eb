import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** What the figures hold for. */
export function versions(): Record<string, string> {
  const versionOf = (name: string) => (require(`${name}/package.json`) as { version: string }).version;
  return { node: process.version, workerd: versionOf("workerd"), miniflare: versionOf("miniflare"), wrangler: versionOf("wrangler") };
}
