import { env } from "cloudflare:workers";

/** What SQLite would do for each statement that `work` gives to the ledger. */
export async function plansOf(given: Env, work: (watched: Env) => Promise<unknown>): Promise<string[]> {
  const asked: D1PreparedStatement[] = [];
  const watch = (query: string, own: D1PreparedStatement): D1PreparedStatement => {
    const bind = (...values: unknown[]) => {
      asked.push(env.LEDGER.prepare(`EXPLAIN QUERY PLAN ${query}`).bind(...values));
      return own.bind(...values);
    };
    return new Proxy(own, { get: (target, name) => (name === "bind" ? bind : Reflect.get(target, name)) });
  };
  const prepare = (query: string) => watch(query, env.LEDGER.prepare(query));
  const ledger = new Proxy(env.LEDGER, {
    get: (target, name) => {
      const value: unknown = name === "prepare" ? prepare : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await work({ ...given, LEDGER: ledger });
  const plans = await Promise.all(asked.map((statement) => statement.all<{ detail: string }>()));
  return plans.flatMap(({ results }) => results.map(({ detail }) => detail));
}
