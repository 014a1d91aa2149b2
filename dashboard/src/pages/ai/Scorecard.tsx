/** How signals fared: everybody's by model, one's own by signal. */
import { useSignal } from "@preact/signals";
import { useResource } from "../../api/resource";
import { Card } from "../../ui/Card";
import { Segmented } from "../../ui/Choice";
import { Loaded } from "../../ui/states";
import { MOST_OWN, readDays, readOwn } from "./readScores";
import { ScoreTable } from "./ScoreTable";
import { sinceDay, type Tally, talliesBy, tallyOfAnalysis, tallyOfDay } from "./scores";
import { useAnalysisNews } from "./useAnalysisNews";

const SPANS = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
] as const;
type Span = (typeof SPANS)[number][0];

const SCOPES = [
  ["everyone", "Everyone’s"],
  ["own", "Yours"],
] as const;
type Scope = (typeof SCOPES)[number][0];

export function Scorecard({ symbol }: { symbol: string }) {
  const scope = useSignal<Scope>("everyone");
  const span = useSignal<Span>("30");
  const market = useSignal<"all" | "one">("all");
  const of = market.value === "one" ? symbol : null;
  const days = Number(span.value);
  return (
    <Card title="Scorecard" class="scorecard" isFlush>
      <div class="score-choices">
        <Segmented
          label="Whose signals"
          value={scope.value}
          choices={SCOPES}
          onChange={(chosen) => {
            scope.value = chosen;
          }}
        />
        <Segmented
          label="Markets"
          value={market.value}
          choices={[
            ["all", "All symbols"],
            ["one", symbol],
          ]}
          onChange={(chosen) => {
            market.value = chosen;
          }}
        />
        <Segmented
          label="Span"
          value={span.value}
          choices={SPANS}
          onChange={(chosen) => {
            span.value = chosen;
          }}
        />
      </div>
      {scope.value === "own" ? (
        <OwnScores symbol={of} days={days} />
      ) : (
        <EverybodysScores symbol={of} days={days} />
      )}
    </Card>
  );
}

interface ScoresProps {
  symbol: string | null;
  days: number;
}

function EverybodysScores({ symbol, days }: ScoresProps) {
  const read = useResource((signal) => readDays(symbol, signal), [symbol]);
  useAnalysisNews(symbol, read.reload);
  const since = sinceDay(days, Date.now());
  return (
    <Loaded of={read} lines={6}>
      {(all) => (
        <ScoreTable
          title="Model"
          tallies={talliesBy(
            all.filter(({ day }) => day >= since),
            ({ model }) => model,
            tallyOfDay,
          )}
        />
      )}
    </Loaded>
  );
}

function OwnScores({ symbol, days }: ScoresProps) {
  const read = useResource((signal) => readOwn(symbol, signal), [symbol]);
  useAnalysisNews(symbol, read.reload);
  const since = sinceDay(days, Date.now());
  return (
    <Loaded of={read} lines={6}>
      {({ analyses, isWhole }) => (
        <>
          <ScoreTable
            title="Signal"
            tallies={inOrder(
              talliesBy(
                analyses.filter(({ created_at }) => created_at >= since),
                ({ signal }) => signal,
                tallyOfAnalysis,
              ),
            )}
          />
          {!isWhole && (
            <p class="score-note muted">Of your latest {MOST_OWN.toLocaleString("en")} analyses.</p>
          )}
        </>
      )}
    </Loaded>
  );
}

const SIGNALS = ["Long", "Short", "Neutral"];

function inOrder(tallies: ReadonlyMap<string, Tally>): Map<string, Tally> {
  const placeOf = ([name]: [string, Tally]) => SIGNALS.indexOf(name);
  return new Map([...tallies].sort((a, b) => placeOf(a) - placeOf(b)));
}
