/** What a script tells the person who started it: a line a step with its seconds, a progress bar, a table. */
export interface Terminal {
  /** A plain line. */
  say(line?: string): void;
  /** Runs `work`; its line says how long it took, and on a terminal what is under way meanwhile. */
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
  /** A bar on a terminal; elsewhere a line at each quarter. */
  progress(label: string, done: number, total: number): void;
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;
const BAR_WIDTH = 30;
const QUARTERS = 4;
const REDRAW_EVERY_MS = 100;

/** A cell that has no number to show. */
export const NOTHING = "–";

export const silent: Terminal = { say: () => {}, step: async (_, work) => await work(), progress: () => {} };

export function openTerminal(out: NodeJS.WriteStream = process.stdout): Terminal {
  const interactive = out.isTTY;
  const clear = interactive ? "\r\u001b[2K" : "";
  let redrawnAt = 0;
  const say = (line = ""): void => void out.write(`${clear}${line}\n`);
  return {
    say,
    async step(label, work) {
      const startedAt = performance.now();
      const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
      const draw = () => out.write(`${clear}  … ${seconds()}  ${label}`);
      const timer = interactive ? setInterval(draw, REDRAW_EVERY_MS) : undefined;
      try {
        const result = await work();
        clearInterval(timer);
        say(`  ✓ ${seconds()}  ${label}`);
        return result;
      } catch (error) {
        clearInterval(timer);
        say(`  ✗ ${seconds()}  ${label}`);
        throw error;
      }
    },
    progress(label, done, total) {
      const finished = done >= total;
      const share = total === 0 ? 1 : done / total;
      if (interactive) {
        if (!finished && performance.now() - redrawnAt < REDRAW_EVERY_MS) return;
        redrawnAt = performance.now();
        const filled = Math.round(share * BAR_WIDTH);
        out.write(`${clear}  ${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${done}/${total} ${label}${finished ? "\n" : ""}`);
      } else if (finished || (done > 0 && done % Math.ceil(total / QUARTERS) === 0)) {
        say(`  ${done}/${total} ${label}`);
      }
    },
  };
}

/** Rows under a heading, columns as wide as they need: text to the left, numbers to the right. */
export function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = heading.map((title, i) => Math.max(displayWidth(title), ...rows.map((row) => displayWidth(String(row[i] ?? "")))));
  const line = (cells: readonly (string | number)[], isNumber: (i: number) => boolean) =>
    widths
      .map((width, i) => {
        const text = String(cells[i] ?? "");
        const pad = " ".repeat(width - displayWidth(text));
        return isNumber(i) ? pad + text : text + pad;
      })
      .join("  ")
      .trimEnd();
  const numeric = (i: number) => rows.every((row) => typeof row[i] === "number" || row[i] === NOTHING);
  return [line(heading, numeric), widths.map((width) => "─".repeat(width)).join("──"), ...rows.map((row) => line(row, numeric))].join("\n");
}

/** East Asian characters take two columns of a terminal. */
function displayWidth(text: string): number {
  return text.length + (text.match(WIDE)?.length ?? 0);
}
