/** Why the model says so, and the numbers that it saw. */
import type { Decimal } from "../../money/decimal";
import { Card } from "../../ui/Card";
import { Unknown } from "../../ui/numbers";
import type { Analysis } from "./analysis";
import { indicatorRows } from "./indicators";

export function ReasonCard({ analysis, tick }: { analysis: Analysis; tick: Decimal | undefined }) {
  return (
    <Card title="Reasoning">
      <p class="reasoning">{analysis.reasoning}</p>
      <h3 class="indicators-title">Indicators at that time</h3>
      <dl class="indicator-grid">
        {indicatorRows(analysis.indicators, tick).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="figures">{text ?? <Unknown why="too few candles" />}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
