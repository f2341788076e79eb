const POINTS = 900;

/** The fine rosette that is printed on what must not be forged: a hypotrochoid of `lobes` turns, drawn once and turned. */
function rosette(lobes: number, depth: number): string {
  const points = Array.from({ length: POINTS + 1 }, (_, i) => {
    const turn = (i / POINTS) * 2 * Math.PI;
    const r = 1 - depth * (0.5 + 0.5 * Math.sin(lobes * turn)) * (0.8 + 0.2 * Math.cos(3 * turn));
    return `${(r * Math.cos(turn) * 100).toFixed(1)} ${(r * Math.sin(turn) * 100).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

const TURNS = 6;
const LOBES = 18;
const PATH = rosette(LOBES, 0.62);

export function Guilloche() {
  return (
    <svg class="guilloche" viewBox="-101 -101 202 202" aria-hidden="true">
      {Array.from({ length: TURNS }, (_, i) => (
        <path key={i} d={PATH} transform={`rotate(${(i * 360) / LOBES / TURNS}) scale(${1 - i * 0.025})`} />
      ))}
    </svg>
  );
}
