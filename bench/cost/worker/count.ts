/** Counts of this process: the Worker and its objects are in one isolate here. Rows are counted as the platform bills them: `rowsWritten`, and one a `setAlarm`. */
const counts: Record<string, number> = {};

export function readCounts(): Readonly<Record<string, number>> {
  return counts;
}

export function count(name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** Counts the rows that an object writes. */
export function countRows(where: string, { storage }: DurableObjectState): void {
  const exec = storage.sql.exec.bind(storage.sql);
  const setAlarm = storage.setAlarm.bind(storage);
  Object.defineProperty(storage.sql, "exec", {
    value: (...asked: Parameters<SqlStorage["exec"]>) => {
      const cursor = exec(...asked);
      count(`${where}: rows written`, cursor.rowsWritten);
      return cursor;
    },
  });
  Object.defineProperty(storage, "setAlarm", {
    value: (...asked: Parameters<DurableObjectStorage["setAlarm"]>) => {
      count(`${where}: rows written`);
      return setAlarm(...asked);
    },
  });
}

/** Counts the calls of an object's methods: each is a request, its alarm too. */
export function countRequests(where: string, prototype: object, base: object): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(base))) {
    if (name === "constructor" || typeof value !== "function") continue;
    const method = value as (...asked: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      value(this: unknown, ...asked: unknown[]) {
        count(`${where}: ${name}`);
        return method.apply(this, asked);
      },
    });
  }
}
