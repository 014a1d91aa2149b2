/** What a list is narrowed to; every choice goes into the address. */
import { navigate } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Select } from "../../ui/Field";
import { addressOf, isFiltered, STATUSES, type Status, type TradeFilters } from "./filters";
import { SinceField } from "./SinceField";
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
