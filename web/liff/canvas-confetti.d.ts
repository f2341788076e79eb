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
  const confetti: {
    (options: Options): Promise<void> | null;
    /** Takes away at once what is in the air. */
    reset(): void;
  };
  export default confetti;
}
