/** Does one call of a binding, or does not: what happens before and after is its own. */
export type Around = (call: string, work: () => Promise<unknown>, asked: readonly unknown[]) => Promise<unknown>;

/** An error as the runtime marks that of an object: asking again may help. https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ */
export function retryableError(message: string): Error {
  return Object.assign(new Error(message), { retryable: true });
}

type Method = (...asked: unknown[]) => unknown;

/** `binding`, with every call of its methods, which must all be asynchronous, done by `around`. */
export function aroundBinding<Binding extends object>(binding: Binding, around: Around): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...asked: unknown[]) => around(String(name), async () => Reflect.apply(value as Method, target, asked), asked);
    },
  });
}

/** The same of a namespace's objects: `around` does each of their RPCs. */
export function aroundObjects<Namespace extends object>(namespace: Namespace, around: Around): Namespace {
  return new Proxy(namespace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const method = (value as Method).bind(target);
      return name === "get" || name === "getByName" ? (...asked: unknown[]) => aroundBinding(method(...asked) as object, around) : method;
    },
  });
}

/** The same of D1: `around` does what its statements and batches ask. */
export function aroundLedger(ledger: D1Database, around: Around): D1Database {
  const plain = new WeakMap<object, D1PreparedStatement>();
  const statement = (own: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(own, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "bind") return (...asked: unknown[]) => statement(target.bind(...asked));
        return (...asked: unknown[]) => around(String(name), async () => Reflect.apply(value as Method, target, asked), asked);
      },
    });
    plain.set(wrapped, own);
    return wrapped;
  };
  return new Proxy(ledger, {
    get(target, name) {
      if (name === "prepare") return (query: string) => statement(target.prepare(query));
      if (name === "batch") {
        return (statements: D1PreparedStatement[]) =>
          around("batch", () => target.batch(statements.map((one) => plain.get(one) ?? one)), statements);
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
  });
}
