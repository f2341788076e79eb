/** An HTTP/1.1 request as it goes over the wire; with a body, its length is told. */
export function wire(method: "GET" | "POST", path: string, headers: Readonly<Record<string, string>>, body = ""): string {
  const length = body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const lines = Object.entries({ ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}
