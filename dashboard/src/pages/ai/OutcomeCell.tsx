import { type Exact, format, signOf } from "../../money/decimal";
import { Badge, Unknown } from "../../ui/numbers";
import type { Analysis } from "./analysis";
import { outcomeOf } from "./outcomes";

/** What became of an analysis: a word, and its result where it has one. */
export function OutcomeCell({ analysis }: { analysis: Analysis }) {
  const { word, tone } = outcomeOf(analysis, Date.now());
  const result = analysis.score?.r_multiple;
  return (
    <span class="outcome">
      <Badge tone={tone}>{word}</Badge>
      {result && <Result value={result} />}
    </span>
  );
}

const TONES = { "-1": "down", "0": "", "1": "up" } as const;

/** A result in units of what was risked: sign and colour. */
export function Result({ value }: { value: Exact | null }) {
  if (value === null) return <Unknown why="no result yet" />;
  return (
    <span class={`figures ${TONES[signOf(value)]}`}>
      {format(value, { places: 2, signed: true })}
      <span class="unit"> R</span>
    </span>
  );
}
