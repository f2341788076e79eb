import { useEffect, useState } from "preact/hooks";
import { insist } from "../afresh.ts";

interface Drawing {
  /** Modules across, its quiet border included. */
  readonly size: number;
  readonly path: string;
}

/** A QR code, dark on white whatever the theme; its encoder is loaded only where one is shown. */
export function QrCode({ data }: { readonly data: string }) {
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  useEffect(() => void draw(data).then(setDrawing), [data]);
  if (drawing === null) return <span class="qr" />;
  return (
    <svg class="qr" viewBox={`0 0 ${drawing.size} ${drawing.size}`} role="img" aria-label="QR" shape-rendering="crispEdges">
      <path d={drawing.path} />
    </svg>
  );
}

async function draw(text: string): Promise<Drawing> {
  const { encode } = await insist(() => import("uqr"));
  const { size, data } = encode(text, { ecc: "M", border: 2 });
  return { size, path: data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("") };
}
