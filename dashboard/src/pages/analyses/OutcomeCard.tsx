/** What became of an analysis, as far as it is known. */
import type { ComponentChildren } from "preact";
import type { Decimal } from "../../money/decimal";
import { Card, Facts } from "../../ui/Card";
import { Moment } from "../../ui/Moment";
import { Badge, Price } from "../../ui/numbers";
import type { Analysis } from "../ai/analysis";
import { Result } from "../ai/OutcomeCell";
import { outcomeOf } from "../ai/outcomes";
import { scoredAt } from "../ai/times";

export function OutcomeCard({ analysis, tick }: { analysis: Analysis; tick: Decimal | undefined }) {
  const { score, signal, created_at, timeframe } = analysis;
  const { word, tone, meaning } = outcomeOf(analysis, Date.now());
  const facts: [string, ComponentChildren][] = [];
  if (score?.entered_at) {
    facts.push(
      ["Result", <Result key="result" value={score.r_multiple} />],
      ["Entered", <Moment key="entered" at={score.entered_at} />],
      ["Ended", <Moment key="ended" at={score.ended_at} />],
      ["At the price of", <Price key="price" value={score.exit_price} step={tick} />],
    );
  } else if (!score && signal !== "Neutral") {
    const at = scoredAt(created_at, timeframe).toISOString();
    facts.push(["Known about", <Moment key="known" at={at} />]);
  }
  return (
    <Card title="What became of it" class="became" actions={<Badge tone={tone}>{word}</Badge>}>
      <p>{meaning}</p>
      {facts.length > 0 && <Facts facts={facts} />}
      {score?.r_multiple && (
        <p class="field-hint">
          1 R is what was risked, from entry to stop. Fees and slippage are left out.
        </p>
      )}
    </Card>
  );
}
