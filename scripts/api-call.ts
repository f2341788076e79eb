import { setTimeout as sleep } from "node:timers/promises";

/** A call that takes longer has failed; the app answers in milliseconds. */
const CALL_TIMEOUT_MS = 20_000;
/** A caller that is told to come back does so this often, with at most this wait between. */
const MAX_PATIENCE_TRIES = 30;
const MAX_RETRY_AFTER_MS = 10_000;
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** An answer other than 2xx: its status, and its problem document where it has one. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | null;

  constructor(request: string, status: number, body: string, retryAfter: string | null) {
    const problem = problemOf(body);
    super(`${request} answered ${status} ${problem.code}: ${problem.detail}`);
    this.status = status;
    this.code = problem.code;
    this.retryAfterMs = retryAfter === null ? null : Number(retryAfter) * 1000;
  }
}

/** Nobody answers at an address, or not in time. */
export class Unreached extends Error {
  override readonly name = "Unreached";

  constructor(url: string, cause: unknown) {
    super(`${new URL(url).origin} does not answer${whyOf(cause)}`, { cause });
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (error.name === "TimeoutError") return ` within ${CALL_TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : ` (${error.message})`;
}

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: HeadersInit;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Calls `url` and gives the JSON of its answer. Throws `ApiError` for an answer other than 2xx, and `Unreached` when there is none. */
export async function callJson<T>(url: string, { method = "GET", headers, body }: Call = {}): Promise<T> {
  const request = new Request(url, {
    method,
    headers: new Headers(headers),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (body !== undefined) request.headers.set("content-type", "application/json");
  return await answerOf<T>(request);
}

/** Sends `request` and gives the JSON of its answer, as `callJson` does. */
export async function answerOf<T>(request: Request): Promise<T> {
  const { response, text } = await textOf(request);
  const path = new URL(request.url).pathname;
  if (!response.ok) throw new ApiError(`${request.method} ${path}`, response.status, text, response.headers.get("retry-after"));
  return (text === "" ? null : JSON.parse(text)) as T;
}

async function textOf(request: Request): Promise<{ readonly response: Response; readonly text: string }> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    return { response, text: await response.text() };
  } catch (error) {
    throw new Unreached(request.url, error);
  }
}

/** The body of a GET that may take long to read. Throws as `callJson` does. */
export async function callStream(url: string, headers: HeadersInit = {}): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(url, { headers }).catch((error: unknown) => {
    throw new Unreached(url, error);
  });
  if (response.ok && response.body !== null) return response.body;
  throw new ApiError(`GET ${new URL(url).pathname}`, response.status, await response.text(), response.headers.get("retry-after"));
}

/** Does `call` again, after the time asked for, as long as it is answered 429 or 503. Only for calls that may be repeated. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 429 && error.status !== 503) || tries === MAX_PATIENCE_TRIES) throw error;
      await sleep(Math.min(MAX_RETRY_AFTER_MS, error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS));
    }
  }
}

function problemOf(body: string): { code: string; detail: string } {
  try {
    const { code, detail, errors } = JSON.parse(body) as { code?: string; detail?: string; errors?: unknown };
    return { code: code ?? "", detail: `${detail ?? ""}${errors === undefined ? "" : ` ${JSON.stringify(errors)}`}` };
  } catch {
    return { code: "", detail: body.slice(0, 200) };
  }
}
