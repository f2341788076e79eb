import { count } from "./count.ts";

type Call = (...asked: unknown[]) => unknown;

/** `binding`, with every call of its methods handed to `told`. */
function watch<Binding extends object>(binding: Binding, told: (name: string, asked: readonly unknown[]) => void): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...asked: unknown[]) => {
        told(String(name), asked);
        return (value as Call).apply(target, asked);
      };
    },
  });
}

function watchQueue<Message>(name: string, queue: Queue<Message>): Queue<Message> {
  return watch(queue, (call, [messages]) => {
    count(`${name}: ${call}`);
    count(`${name}: messages`, call === "sendBatch" ? [...(messages as Iterable<unknown>)].length : 1);
  });
}

function countMeta({ meta }: D1Result): void {
  count("ledger: rows written", meta.rows_written);
  count("ledger: rows read", meta.rows_read);
}

/** D1 by the rows that it says itself; of the statements that say nothing, `first` and `raw`, only the number is known. */
function watchLedger(ledger: D1Database): D1Database {
  const plain = new WeakMap<object, D1PreparedStatement>();
  const statement = (own: D1PreparedStatement): D1PreparedStatement => {
    const watched = new Proxy(own, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "bind") return (...asked: unknown[]) => statement(target.bind(...asked));
        return async (...asked: unknown[]) => {
          count(`ledger: ${String(name)}`);
          const result = await ((value as Call).apply(target, asked) as Promise<unknown>);
          if (name === "run" || name === "all") countMeta(result as D1Result);
          return result;
        };
      },
    });
    plain.set(watched, own);
    return watched;
  };
  return new Proxy(ledger, {
    get(target, name) {
      if (name === "prepare") return (query: string) => statement(target.prepare(query));
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          count("ledger: batch");
          const results = await target.batch(statements.map((one) => plain.get(one) ?? one));
          results.forEach(countMeta);
          return results;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as Call).bind(target) : value;
    },
  });
}

const watched = new WeakMap<Env, Env>();

/** The Worker's bindings, each counting how it is used. */
export function watchEnv(env: Env): Env {
  const known = watched.get(env);
  if (known !== undefined) return known;
  const all: Env = {
    ...env,
    CONFIG: watch(env.CONFIG, (call) => count(`config: ${call}`)),
    LAKE: watch(env.LAKE, (call) => count(`lake: ${call}`)),
    POOLS: watch(env.POOLS, (call) => count(`pools: ${call}`)),
    LEDGER: watchLedger(env.LEDGER),
    CARD_EVENTS: watchQueue("card-events", env.CARD_EVENTS),
    REWARDS: watchQueue("rewards", env.REWARDS),
  };
  watched.set(env, all);
  return all;
}
