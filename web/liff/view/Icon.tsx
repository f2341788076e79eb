/** Line drawings on a grid of 24: those that a wait may need. The prizes' own are in `prize-drawings.ts`. */
export const CLOCK = "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.500V12l3 2";
export const CROWD =
  "M9 11.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3.5 19c0-3 2.5-5 5.5-5s5.5 2 5.5 5M15.5 6a2.7 2.7 0 0 1 0 5.200M16.5 14.200c2.4.4 4 2.2 4 4.8";
export const OFFLINE =
  "M4 9.500a12 12 0 0 1 5-2.700M14.5 6.700A12 12 0 0 1 20 9.500M7 13a7.5 7.5 0 0 1 4-2M16.5 12.700l.5.300M12 17.800v.2M4.5 4l15 16";

export function Icon({ drawing }: { readonly drawing: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={drawing} />
    </svg>
  );
}
