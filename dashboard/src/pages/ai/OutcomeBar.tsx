/** What the claims came to, as lengths and in words. */
import { openOf, type Tally } from "./scores";

const WIDTH = 100;

export function OutcomeBar({ total }: { total: Tally }) {
  const parts = [
    ["target", "Target", total.target],
    ["stop", "Stop", total.stop],
    ["neither", "Neither", total.neither],
    ["not-entered", "Not entered", total.notEntered],
    ["open", "Open", openOf(total)],
  ] as const;
  const all = parts.reduce((sum, [, , count]) => sum + count, 0);
  if (all === 0) return null;
  let from = 0;
  return (
    <div class="outcome-bar">
      <svg viewBox={`0 0 ${WIDTH} 4`} preserveAspectRatio="none" aria-hidden="true">
        {parts.map(([name, , count]) => {
          const x = from;
          from += (count / all) * WIDTH;
          return <rect key={name} class={`bar-${name}`} x={x} y="0" width={from - x} height="4" />;
        })}
      </svg>
      <ul>
        {parts.map(([name, word, count]) => (
          <li key={name}>
            <span class={`bar-key key-${name}`} aria-hidden="true" />
            {word} <strong class="figures">{count}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
