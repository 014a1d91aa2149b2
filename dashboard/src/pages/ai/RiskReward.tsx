/** What may be won for what may be lost, as a ratio and as two lengths. */
import { type Decimal, format } from "../../money/decimal";
import { Unknown } from "../../ui/numbers";

const WIDTH = 100;
const GAP = 1;

export function RiskReward({ ratio }: { ratio: Decimal | null }) {
  const risk = ratio === null ? WIDTH : (WIDTH - GAP) / (1 + Number(ratio));
  return (
    <div class="risk-reward">
      <div class="signal-line">
        <span class="muted">Risk to reward</span>
        <strong class="figures">
          {ratio === null ? <Unknown /> : `1 : ${format(ratio, { places: 2 })}`}
        </strong>
      </div>
      {ratio !== null && (
        <svg viewBox={`0 0 ${WIDTH} 4`} preserveAspectRatio="none" aria-hidden="true">
          <rect class="risk" x="0" y="0" width={risk} height="4" />
          <rect class="reward" x={risk + GAP} y="0" width={WIDTH - GAP - risk} height="4" />
        </svg>
      )}
    </div>
  );
}
