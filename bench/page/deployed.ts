import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import type { House } from "../../scripts/house.ts";

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".css": "text/css" };
const BOOT = /<script type="application\/json" id="kuji-boot">[^<]*<\/script>/;
/** What `web/liff/public/_headers` says of assets. */
const FOR_EVER = "public, max-age=31536000, immutable";

export interface Deployed {
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * The page as it is deployed, before a running app: `dist` is a production build, sent gzipped and to be kept as its headers say, as Cloudflare does;
 * the campaign in its HTML and every answer of the API are the app's own.
 */
export async function serveDeployed(dist: string, { appOrigin }: House): Promise<Deployed> {
  const index = await readFile(join(dist, "index.html"), "utf8");
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? "/", appOrigin);
    if (pathname.startsWith("/c/")) {
      const [boot = ""] = BOOT.exec(await (await fetch(appOrigin + pathname)).text()) ?? [];
      const html = index.replace("</head>", () => `${boot.replace(/,"sandboxOrigin":"[^"]*"/, "")}</head>`);
      send(response, "text/html; charset=utf-8", "no-cache", html);
    } else if (pathname.startsWith("/assets/")) {
      send(response, TYPES[extname(pathname)] ?? "application/octet-stream", FOR_EVER, await readFile(join(dist, pathname)));
    } else {
      await pass(request, response, appOrigin);
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(502).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${port}`, close };
}

function send(response: ServerResponse, type: string, cacheControl: string, body: string | Buffer): void {
  response.writeHead(200, { "content-type": type, "content-encoding": "gzip", "cache-control": cacheControl });
  response.end(gzipSync(body, { level: 9 }));
}

async function pass(request: IncomingMessage, response: ServerResponse, appOrigin: string): Promise<void> {
  const { authorization = "", "content-type": type = "" } = request.headers;
  const body = await text(request);
  const answer = await fetch(appOrigin + (request.url ?? ""), {
    method: request.method ?? "GET",
    headers: { authorization, "content-type": type },
    ...(body === "" ? {} : { body }),
  });
  response.writeHead(answer.status, {
    "content-type": answer.headers.get("content-type") ?? "application/json",
    "content-encoding": "gzip",
  });
  response.end(gzipSync(await answer.text()));
}
