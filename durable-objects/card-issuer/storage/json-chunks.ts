/** JSON handed to one statement; a SQL value may have 2 MB. */
const MAX_STATEMENT_CHARS = 500_000;

/** Rows, or numbers, as JSON arrays, each short enough for one statement, and how many are in each. */
export function jsonChunks(rows: readonly (readonly unknown[] | number)[]): { readonly json: string; readonly count: number }[] {
  const chunks: { json: string; count: number }[] = [];
  let open: string[] = [];
  let chars = 0;
  const close = () => {
    if (open.length > 0) chunks.push({ json: `[${open.join(",")}]`, count: open.length });
    open = [];
    chars = 0;
  };
  for (const row of rows) {
    const json = JSON.stringify(row);
    if (chars + json.length > MAX_STATEMENT_CHARS) close();
    open.push(json);
    chars += json.length;
  }
  close();
  return chunks;
}
