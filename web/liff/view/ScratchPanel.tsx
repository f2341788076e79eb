import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { scratchSurface, type ScratchSurface } from "../scratch/surface.ts";
import { Guilloche } from "./Guilloche.tsx";
import { useCampaign, wantsStillness } from "./campaign.ts";
import type { Later } from "./use-later.ts";

interface ScratchPanelProps {
  /** What lies under the foil. */
  readonly children: ComponentChildren;
  readonly foil: "whole" | "loose" | "off";
  /** Here before the foil is loose. */
  readonly later: Later | null;
  /** Those of an earlier visit. */
  readonly strokes: () => readonly number[];
  /** The user asked the page to scratch: the foil goes as soon as it is loose. */
  readonly byItself: boolean;
  readonly onTouch: () => void;
  readonly onScratch: (percent: number) => void;
  readonly onLift: (strokes: readonly number[]) => void;
  readonly onCleared: () => void;
}

/** The recess in the card: the prize, and the foil over it. */
export function ScratchPanel({ children, foil, later, strokes, byItself, onTouch, onScratch, onLift, onCleared }: ScratchPanelProps) {
  const { boot, messages } = useCampaign();
  const foilRef = useRef<HTMLCanvasElement>(null);
  const crumbsRef = useRef<HTMLCanvasElement>(null);
  const surface = useRef<ScratchSurface | null>(null);
  const covered = foil !== "off";

  useEffect(() => {
    if (!covered || foilRef.current === null || crumbsRef.current === null) return undefined;
    const { cover, metal } = boot.theme;
    const made = scratchSurface(foilRef.current, crumbsRef.current, {
      cover,
      metal,
      words: messages.foil,
      still: wantsStillness(),
      strokes: strokes(),
      onTouch,
      onScratch,
      onLift,
      onCleared,
    });
    surface.current = made;
    return () => made.stop();
    // The surface lives as long as the foil does; its callbacks never change.
  }, [covered]);

  useEffect(() => {
    if (foil !== "loose" || later === null) return;
    surface.current?.loosen(later.flakesOn, later.pageFeel);
    if (byItself) surface.current?.clear();
  }, [foil, byItself]);

  return (
    <div class="panel">
      <div class="panel__recess">
        <Guilloche />
        {children}
      </div>
      {covered && (
        <>
          <canvas ref={foilRef} class="panel__foil" aria-hidden="true" />
          {foil === "whole" && <span class="panel__gleam" aria-hidden="true" />}
          <canvas ref={crumbsRef} class="panel__crumbs" aria-hidden="true" />
        </>
      )}
    </div>
  );
}
