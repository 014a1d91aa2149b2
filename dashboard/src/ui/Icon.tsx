/** Line icons on a grid of 24; decoration only, what they mean always stands beside them. */

const PATHS = {
  candles: "M7 3v4m0 10v4M4.500 7h5v10h-5zM17 5v3m0 6v5M14.500 8h5v6h-5z",
  layers: "m12 3 9 5-9 5-9-5zM3 12.500l9 5 9-5M3 17l9 5 9-5",
  flask:
    "M9 3h6m-5 0v6L4.500 18.500A1.700 1.700 0 0 0 6 21h12a1.700 1.700 0 0 0 1.500-2.500L14 9V3M7.500 14h9",
  spark:
    "M12 3l1.800 5.200L19 10l-5.200 1.800L12 17l-1.800-5.200L5 10l5.200-1.800zM19 16v5m-2.500-2.500h5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2",
  bell: "M6 17V11a6 6 0 1 1 12 0v6l1.500 2h-15zM10 21h4",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  shield: "M12 3l8 3v6c0 4.500-3.200 7.700-8 9-4.800-1.300-8-4.500-8-9V6z",
  archive: "M3 4h18v5H3zM5 9v11h14V9M10 13h4",
  gear: "M12 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM12 2.500v3m0 13v3M2.500 12h3m13 0h3M5.300 5.300l2.100 2.100m9.200 9.200 2.100 2.100m0-13.400-2.100 2.100m-9.200 9.200-2.100 2.100",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  close: "M6 6l12 12M18 6 6 18",
  check: "m4 12.500 5.500 5.500L20 7",
  alert: "M12 3 2 20.500h20zM12 10v4m0 3h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5m0-8h.01",
  offline:
    "M3 3l18 18M8.500 15.500a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4-2.400M19 12a10 10 0 0 0-5-2.800M12 19h.01",
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  link: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.500 1.500m11 11L19 19M19 5l-1.500 1.500m-11 11L5 19",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
  screen: "M3 4h18v12H3zM8 21h8m-4-5v5",
  out: "M15 4h4v16h-4M10 8l-4 4 4 4m-4-4h10",
  download: "M12 3v12m-5-5 5 5 5-5M4 21h16",
  reload: "M20 5v5h-5M20 10a8.500 8.500 0 1 0 .5 4",
  fork: "M6 3v12m0 0a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM18 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm0 0c0 5-6 4-9.500 7",
  stop: "M6 6h12v12H6z",
  minus: "M5 12h14",
  plus: "M12 5v14M5 12h14",
  chevron: "m9 5 7 7-7 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
