import { aroundBinding, aroundLedger } from "../../../test/workerd/around.ts";
import { count } from "./count.ts";

function watch<Binding extends object>(name: string, binding: Binding): Binding {
  return aroundBinding(binding, (call, work) => {
    count(`${name}: ${call}`);
    return work();
  });
}

function watchQueue<Message>(name: string, queue: Queue<Message>): Queue<Message> {
  return aroundBinding(queue, (call, work, [messages]) => {
    count(`${name}: ${call}`);
    const bodies = call === "sendBatch" ? [...(messages as Iterable<MessageSendRequest>)].map(({ body }) => body) : [messages];
    count(`${name}: messages`, bodies.length);
    for (const body of bodies) if (body instanceof Uint8Array) count(`${name}: bytes`, body.byteLength);
    return work();
  });
}

function countMeta({ meta }: D1Result): void {
  count("ledger: rows written", meta.rows_written);
  count("ledger: rows read", meta.rows_read);
}

/** D1 by the rows that it says itself; of the statements that say nothing, `first` and `raw`, only the number is known. */
function watchLedger(ledger: D1Database): D1Database {
  return aroundLedger(ledger, async (call, work, asked) => {
    count(`ledger: ${call}`);
    count("ledger: statements", call === "batch" ? asked.length : 1);
    const result = await work();
    if (call === "run" || call === "all") countMeta(result as D1Result);
    if (call === "batch") (result as D1Result[]).forEach(countMeta);
    return result;
  });
}

const watched = new WeakMap<Env, Env>();

/** The Worker's bindings, each counting how it is used. */
export function watchEnv(env: Env): Env {
  const known = watched.get(env);
  if (known !== undefined) return known;
  const all: Env = {
    ...env,
    CONFIG: watch("config", env.CONFIG),
    LAKE: watch("lake", env.LAKE),
    POOLS: watch("pools", env.POOLS),
    LEDGER: watchLedger(env.LEDGER),
    CARD_EVENTS: watchQueue("card-events", env.CARD_EVENTS),
    REWARDS: watchQueue("rewards", env.REWARDS),
  };
  watched.set(env, all);
  return all;
}
