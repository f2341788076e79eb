declare module "canvas-confetti" {
  /** The options that the page uses; the package brings no types. */
  interface Options {
    readonly particleCount: number;
    readonly angle: number;
    readonly spread: number;
    readonly startVelocity: number;
    readonly ticks: number;
    readonly scalar: number;
    readonly colors: readonly string[];
    readonly origin: { readonly x: number; readonly y: number };
  }
  interface Confetti {
    (options: Options): Promise<void> | null;
    /** Takes away what is in the air; a worker takes it away a little later. */
    reset(): void;
  }
  export function create(canvas: HTMLCanvasElement, options: { readonly resize: boolean; readonly useWorker: boolean }): Confetti;
}
