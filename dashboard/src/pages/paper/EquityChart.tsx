/** The drawing of an equity curve, and under it how far it lay below its highest. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { format } from "../../money/decimal";
import { shortMoment } from "../../ui/Moment";
import { nearest, pathThrough, type Spot, spotsOf, thinned } from "./curve";
import { Axes } from "./EquityAxes";
import { EDGE, type Layout, layoutOf } from "./equityLayout";
import { drawdownText, type EquityPoint } from "./performance";

export function EquityChart(props: {
  points: readonly EquityPoint[];
  /** How many of them are recorded; one more is what it is worth now. */
  recorded: number;
  unit: string;
  /** The index of the point that is read out. */
  pointed: number | null;
  onPoint: (index: number | null) => void;
}) {
  const { points, pointed, onPoint } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const spots = useMemo(() => spotsOf(points), [points]);
  const layout = useMemo(() => layoutOf(spots, width), [spots, width]);
  const lastRecorded = props.recorded - 1;
  const read = points[pointed ?? lastRecorded];

  const follow = (event: PointerEvent) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    onPoint(nearest(spots, layout.momentAt(event.clientX - left)));
  };
  const move = (event: KeyboardEvent) => {
    const next = keyTarget(event.key, pointed ?? lastRecorded, lastRecorded);
    if (next === null) return;
    event.preventDefault();
    onPoint(next);
  };
  return (
    <div
      ref={box}
      class="equity-chart"
      role="slider"
      tabIndex={0}
      aria-label="Equity over time; arrow keys go from trade to trade"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, lastRecorded)}
      aria-valuenow={Math.min(pointed ?? lastRecorded, lastRecorded)}
      aria-valuetext={read && inWords(read, props.unit)}
      onPointerMove={follow}
      onPointerDown={follow}
      onPointerLeave={() => onPoint(null)}
      onBlur={() => onPoint(null)}
      onKeyDown={move}
    >
      {width > 0 && <Drawing spots={spots} layout={layout} pointed={pointed} />}
    </div>
  );
}

function inWords({ timestamp, equity, drawdown }: EquityPoint, unit: string): string {
  const money = `${format(equity, { places: 2 })} ${unit}`;
  return `${shortMoment(timestamp)}: ${money}, drawdown ${drawdownText(drawdown).toLowerCase()}`;
}

const PAGE = 10;

/** Where a key leads; null where it means something else. */
function keyTarget(key: string, from: number, last: number): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -PAGE,
    PageUp: PAGE,
    Home: -last,
    End: last,
  };
  const step = steps[key];
  return step === undefined ? null : Math.max(0, Math.min(last, from + step));
}

function Drawing(props: { spots: readonly Spot[]; layout: Layout; pointed: number | null }) {
  const { spots, layout, pointed } = props;
  const { x, y, drawdownY, height, width, baseline } = layout;
  const seen = useMemo(() => thinned(spots, x), [spots, x]);
  const line = pathThrough(seen.map(({ at, equity }) => [x(at), y(equity)] as const));
  const fall = pathThrough(seen.map(({ at, drawdown }) => [x(at), drawdownY(drawdown)] as const));
  const [first, last] = [spots[0], spots.at(-1)];
  if (first === undefined || last === undefined) return null;
  const close = (bottom: number) =>
    `L${x(last.at).toFixed(1)} ${bottom}L${x(first.at).toFixed(1)} ${bottom}Z`;
  const marked = spots[pointed ?? spots.length - 1] ?? last;
  const tone = last.equity >= first.equity ? "equity-up" : "equity-down";
  return (
    <svg
      class={tone}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      <Axes layout={layout} />
      <line class="equity-baseline" x1={EDGE} x2={layout.right} y1={baseline} y2={baseline} />
      <path class="equity-area" d={line + close(layout.bottom)} />
      <path class="equity-line" d={line} />
      {layout.deepest && <path class="equity-fall" d={fall + close(drawdownY(0))} />}
      {pointed !== null && (
        <line class="equity-cross" x1={x(marked.at)} x2={x(marked.at)} y1={0} y2={layout.floor} />
      )}
      <circle class="equity-dot" cx={x(marked.at)} cy={y(marked.equity)} r={3.5} />
    </svg>
  );
}

/** How wide an element is, in pixels; 0 until it is known. */
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const seen = element.current;
    if (seen === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.floor(entry?.contentRect.width ?? 0)),
    );
    observer.observe(seen);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
