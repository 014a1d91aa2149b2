/** What the account may do at all, and the switch that stops it. */
import { useState } from "preact/hooks";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { ErrorCard, Loaded } from "../../ui/states";
import { StateDialog } from "./StateDialog";
import { isTradingState, STATES, type TradingState, WORDS } from "./states";
import { useTradingState } from "./useTradingState";

export function TradingStateCard() {
  const [asked, ask] = useState<TradingState | null>(null);
  const { read, change } = useTradingState(() => ask(null));
  const choose = (state: TradingState) => {
    change.forget();
    ask(state);
  };
  return (
    <Card title="Trading state">
      <Loaded of={read} lines={3}>
        {({ state, reason }) => (
          <div class="trading-state">
            <StateNow state={state} reason={reason} />
            <Ways from={state} isBusy={change.isBusy} onChoose={choose} />
          </div>
        )}
      </Loaded>
      {/* Whatever cannot be read, the way to stop must not go with it. */}
      {read.value === null && <Ways from="" isBusy={change.isBusy} onChoose={choose} />}
      {asked === null && change.problem && <ErrorCard problem={change.problem} />}
      {asked !== null && (
        <StateDialog
          key={asked}
          state={asked}
          isBusy={change.isBusy}
          problem={change.problem}
          onConfirm={(reason) => change.run(asked, reason)}
          onClose={() => ask(null)}
        />
      )}
    </Card>
  );
}

function StateNow({ state, reason }: { state: string; reason: string }) {
  const words = isTradingState(state) ? WORDS[state] : null;
  return (
    <div class={`state-now state-${state.toLowerCase()}`} role="status">
      <Icon name={words?.icon ?? "info"} />
      <div>
        <p class="state-name">{words?.name ?? state}</p>
        <p>{words?.meaning}</p>
        {reason && <p class="muted">Reason: {reason}</p>}
      </div>
    </div>
  );
}

function Ways(props: { from: string; isBusy: boolean; onChoose: (state: TradingState) => void }) {
  return (
    <div class="state-ways">
      {STATES.filter((state) => state !== props.from).map((state) =>
        state === "HALTED" ? (
          <button
            key={state}
            type="button"
            class="halt"
            aria-busy={props.isBusy || undefined}
            onClick={() => props.onChoose(state)}
          >
            <Icon name="stop" /> {WORDS[state].action}
          </button>
        ) : (
          <Button key={state} isBusy={props.isBusy} onClick={() => props.onChoose(state)}>
            {WORDS[state].action}
          </Button>
        ),
      )}
    </div>
  );
}
