/** The issuer cannot take the call now, or could not twice. */
export class IssuerOverloaded extends Error {
  override readonly name = "IssuerOverloaded";
}

/** What the runtime puts on an error of a call to a Durable Object: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ */
interface StubError {
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
}

/**
 * Calls an object through a fresh stub, and once more where the runtime says that this may help; every command is idempotent.
 * Rejects with `IssuerOverloaded` where the object is shedding load or failed twice; any other error is a bug and passes through.
 */
export async function askIssuer<Stub, Reply>(stub: () => Stub, call: (stub: Stub) => Promise<Reply>): Promise<Reply> {
  try {
    return await call(stub());
  } catch (error) {
    const { retryable, overloaded } = error as StubError;
    if (overloaded === true) throw new IssuerOverloaded("the object is shedding load", { cause: error });
    if (retryable !== true) throw error;
  }
  try {
    return await call(stub());
  } catch (error) {
    const { retryable, overloaded } = error as StubError;
    if (overloaded === true || retryable === true) throw new IssuerOverloaded("the object failed twice", { cause: error });
    throw error;
  }
}
