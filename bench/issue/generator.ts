import { join } from "node:path";
import { startGeneratorProcess } from "../generator-process.ts";
import type { GeneratorProcess } from "../generator-process.ts";
import type { Measured, Shot } from "./shot.ts";

export type Generator = GeneratorProcess<Shot, Measured>;

/** Starts the load generator as a process of its own. */
export function startGenerator(): Generator {
  return startGeneratorProcess(join(import.meta.dirname, "generate.ts"));
}
