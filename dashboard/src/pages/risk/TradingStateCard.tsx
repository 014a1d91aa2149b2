/** What the account may do at all, and the switch that stops it. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Icon } from "../../ui/Icon";
import { ErrorCard, Loaded } from "../../ui/states";
import { StateDialog } from "./StateDialog";
import { isTradingState, STATES, type TradingState, WORDS } from "./states";
import { useTradingState } from "./useTradingState";

export function TradingStateCard() {
  const [asked, ask] = useState<TradingState | null>(null);
  const now = useRef<HTMLDivElement>(null);
  const isOurs = useRef(false);
  const { read, change } = useTradingState(() => {
    isOurs.current = true;
    ask(null);
  });
  // The button that was pressed is gone with the old state: the new one is what to look at.
  useEffect(() => {
    if (isOurs.current) now.current?.focus();
    isOurs.current = false;
  }, [read.value]);
  const choose = (state: TradingState) => {
    change.forget();
    ask(state);
  };
  return (
    <Card title="Trading state">
      <Loaded of={read} lines={3}>
        {({ state, reason }) => (
          <div class="trading-state">
            <StateNow focusable={now} state={state} reason={reason} />
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

function StateNow(props: {
  state: string;
  reason: string;
  focusable: RefObject<HTMLDivElement | null>;
}) {
  const { state, reason, focusable } = props;
  const words = isTradingState(state) ? WORDS[state] : null;
  return (
    <div
      ref={focusable}
      tabIndex={-1}
      class={`state-now state-${state.toLowerCase()}`}
      role="status"
    >
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
