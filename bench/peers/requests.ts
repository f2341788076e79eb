import { createHash, createHmac, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KEY_FILES } from "../../sandbox/keys.ts";
import { HMAC_KEY_ID } from "../../scripts/demo-partner.ts";

/** Names the key and holds its secret, base64. */
export interface Signing {
  readonly keyId: string;
  readonly secret: string;
}

/** What the demo partner of a house signs with. */
export async function demoSigning(keysDir: string): Promise<Signing> {
  return { keyId: HMAC_KEY_ID, secret: (await readFile(join(keysDir, KEY_FILES.demoSecret), "utf8")).trim() };
}

/** What is signed of every request (RFC 9421). */
const COMPONENTS = ["@method", "@authority", "@path", "content-digest"] as const;

/** So many signed requests of `draws` draws each, as they go over the wire, each for people and by ids of its own. */
export function signedDraws({ keyId, secret }: Signing, url: string, draws: number, requests: number): Uint8Array[] {
  const { host, pathname } = new URL(url);
  const key = Buffer.from(secret, "base64");
  const created = Math.floor(Date.now() / 1_000);
  const parameters = `(${COMPONENTS.map((name) => `"${name}"`).join(" ")});created=${created};keyid="${keyId}";alg="hmac-sha256"`;
  return Array.from({ length: requests }, () => {
    const body = JSON.stringify({ draws: Array.from({ length: draws }, newDraw) });
    const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
    const values = { "@method": "POST", "@authority": host, "@path": pathname, "content-digest": digest };
    const base = [...COMPONENTS.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${parameters}`].join("\n");
    const signature = createHmac("sha256", key).update(base).digest("base64");
    const head = [
      `POST ${pathname} HTTP/1.1`,
      `host: ${host}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      `content-digest: ${digest}`,
      `signature-input: sig1=${parameters}`,
      `signature: sig1=:${signature}:`,
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

export function plainGet(url: string): Uint8Array {
  const { host, pathname } = new URL(url);
  return Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
}

function newDraw() {
  const id = randomUUID();
  return { requestId: id, recipient: `visitor-${id}` };
}
