/** What a list is narrowed to; every choice goes into the address. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { navigate } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Field, Select } from "../../ui/Field";
import { daysBefore, startOfDay } from "./days";
import { addressOf, isFiltered, STATUSES, type Status, type TradeFilters } from "./filters";
import { statusWord } from "./StatusSign";

const STATUS_CHOICES = [
  ["", "Every status"],
  ...STATUSES.map((status) => [status, statusWord(status)] as const),
] as const;

export function FilterBar(props: { filters: TradeFilters; symbols: readonly string[] }) {
  const { filters } = props;
  const change = (changes: TradeFilters) => navigate(addressOf({ ...filters, ...changes }));
  // One that is traded no longer can still be asked for.
  const named = filters.symbol === undefined ? [] : [filters.symbol];
  const symbols = [...new Set([...props.symbols, ...named])].sort();
  return (
    <search class="filter-bar" aria-label="Filter trades">
      <Select
        label="Symbol"
        value={filters.symbol ?? ""}
        choices={[["", "Every symbol"], ...symbols.map((each) => [each, each] as const)]}
        onChange={(symbol) => change({ symbol: symbol || undefined })}
      />
      <Select<Status | "">
        label="Status"
        value={filters.status ?? ""}
        choices={STATUS_CHOICES}
        onChange={(status) => change({ status: status || undefined })}
      />
      <SinceField value={filters.since} onChange={(since) => change({ since })} />
      {isFiltered(filters) && (
        <Button tone="quiet" icon="close" onClick={() => navigate(addressOf({}))}>
          Clear
        </Button>
      )}
    </search>
  );
}

// A date that is typed is another date after every digit.
const TYPING_MS = 700;

/** From which day on: a date, or one of the usual ones. */
export function SinceField(props: {
  value: string | undefined;
  onChange: (day: string | undefined) => void;
}) {
  const text = useSignal(props.value ?? "");
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    text.value = props.value ?? "";
  }, [props.value, text]);
  useSignalEffect(() => {
    const typed = text.value;
    clearTimeout(due.current);
    due.current = setTimeout(() => {
      const day = startOfDay(typed) === undefined ? undefined : typed;
      if (day !== latest.current.value) latest.current.onChange(day);
    }, TYPING_MS);
    return () => clearTimeout(due.current);
  });
  const isChosen = (days: number) => props.value === daysBefore(new Date(), days);
  return (
    <div class="since">
      <Field label="Since" type="date" value={text} />
      <fieldset class="chips">
        <legend class="visually-hidden">Since, in days</legend>
        {(
          [
            ["Today", 0],
            ["7 days", 6],
            ["30 days", 29],
          ] as const
        ).map(([name, days]) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={isChosen(days)}
            onClick={() =>
              props.onChange(isChosen(days) ? undefined : daysBefore(new Date(), days))
            }
          >
            {name}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
