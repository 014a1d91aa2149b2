/** The rates of some signals, what they are made of, and how much they say. */
import { Figure } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { Unknown } from "../../ui/numbers";
import { Empty } from "../../ui/states";
import { Table } from "../../ui/Table";
import { OutcomeBar } from "./OutcomeBar";
import { Result } from "./OutcomeCell";
import {
  added,
  enteredOf,
  FEW_RESULTS,
  hitRateOf,
  likelyRange,
  meanResultOf,
  NO_TALLY,
  openOf,
  rateText,
  type Tally,
} from "./scores";

export function ScoreTable(props: { title: string; tallies: ReadonlyMap<string, Tally> }) {
  const rows = [...props.tallies].map(([name, tally]) => ({ name, tally }));
  const total = rows.reduce((sum, { tally }) => added(sum, tally), NO_TALLY);
  if (total.signals === 0) {
    return <Empty icon="spark" title="No analyses in these days." />;
  }
  return (
    <>
      <div class="score-body">
        <Totals total={total} />
        <OutcomeBar total={total} />
        <SampleNote total={total} />
      </div>
      <Table
        caption={`Results by ${props.title.toLowerCase()}`}
        columns={[
          { title: props.title, cell: ({ name }) => name },
          { title: "Signals", isNumber: true, isMinor: true, cell: ({ tally }) => tally.signals },
          { title: "Results", isNumber: true, cell: ({ tally }) => enteredOf(tally) },
          { title: "Hit rate", isNumber: true, cell: ({ tally }) => <HitRate tally={tally} /> },
          {
            title: "Mean result",
            isNumber: true,
            cell: ({ tally }) => <Result value={meanResultOf(tally)} />,
          },
        ]}
        rows={rows}
        keyOf={({ name }) => name}
      />
      <p class="score-note muted">
        1 R is what was risked, from entry to stop. Fees and slippage are left out, so a real result
        is lower.
      </p>
    </>
  );
}

function Totals({ total }: { total: Tally }) {
  const entered = enteredOf(total);
  const [least, most] = likelyRange(total.target, entered);
  return (
    <dl class="figures-row">
      <Figure
        label="Hit rate"
        note={entered > 0 && `likely ${rateText(least)} to ${rateText(most)}`}
      >
        <HitRate tally={total} />
      </Figure>
      <Figure label="Mean result" note="of those entered">
        <Result value={meanResultOf(total)} />
      </Figure>
      <Figure
        label="Signals"
        note={`${total.long} Long, ${total.short} Short, ${total.neutral} Neutral`}
      >
        <span class="figures">{total.signals}</span>
      </Figure>
    </dl>
  );
}

function HitRate({ tally }: { tally: Tally }) {
  const rate = hitRateOf(tally);
  if (rate === null) return <Unknown why="no result yet" />;
  return <span class="figures">{rateText(rate)}</span>;
}

/** A rate of a few is mostly luck, and has to be called so. */
function SampleNote({ total }: { total: Tally }) {
  const entered = enteredOf(total);
  if (entered >= FEW_RESULTS) return null;
  const open = openOf(total);
  return (
    <p class="score-few">
      <Icon name="info" />
      <span>
        {entered === 0
          ? "No result yet: each signal is held against the 24 candles that follow it."
          : `Only ${entered} ${entered === 1 ? "result" : "results"}: too few to tell skill from luck.`}
        {open > 0 && ` ${open} still open.`}
      </span>
    </p>
  );
}
