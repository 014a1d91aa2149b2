import { EDGE, type Layout } from "./equityLayout";

const LABEL_GAP = 8;
const MIDDLE = 4;

/** The lines and labels behind an equity curve. */
export function Axes({ layout }: { layout: Layout }) {
  const { right, bottom, floor, height, drawdownY } = layout;
  const zero = drawdownY(0);
  return (
    <g class="equity-axes">
      {layout.equityTicks.map(({ at, text }) => (
        <g key={text}>
          <line x1={EDGE} x2={right} y1={at} y2={at} />
          <text x={right + LABEL_GAP} y={at + MIDDLE}>
            {text}
          </text>
        </g>
      ))}
      <line x1={EDGE} x2={right} y1={zero} y2={zero} />
      <text x={right + LABEL_GAP} y={zero + MIDDLE}>
        0%
      </text>
      {layout.deepest && (
        <text x={right + LABEL_GAP} y={layout.deepest.at + MIDDLE}>
          {layout.deepest.text}
        </text>
      )}
      {layout.timeTicks.map(({ at, text }) => (
        <g key={text + at}>
          <line class="equity-time" x1={at} x2={at} y1={0} y2={bottom} />
          <line class="equity-time" x1={at} x2={at} y1={zero} y2={floor} />
          <text x={at} y={height - 6} text-anchor="middle">
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}
