/** Longer than any answer takes; a call whose server was killed ends by itself. */
const TIMEOUT_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Of a problem document. */
  readonly code: string | null;
}

/**
 * Sends a request once. Null where it is not known what came of it: it was cut after `cutAfterMs`, its server was killed, or it was answered with
 * a 5xx or 429, which say nothing of what was done before.
 */
export async function ask(request: Request, cutAfterMs: number | null): Promise<Answer | null> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(cutAfterMs ?? TIMEOUT_MS) });
    const text = await response.text();
    if (response.status >= 500 || response.status === 429) return null;
    const body: unknown = JSON.parse(text);
    return { status: response.status, body, code: response.ok ? null : ((body as { code?: string }).code ?? null) };
  } catch {
    return null;
  }
}
