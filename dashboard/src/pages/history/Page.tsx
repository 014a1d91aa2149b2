/** Everything that was ordered, and what became of it. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api } from "../../api/client";
import { useResource } from "../../api/resource";
import { href, route } from "../../shell/router";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { LoadMore } from "../../ui/LoadMore";
import { Empty, Loaded } from "../../ui/states";
import { ColdNote } from "./ColdNote";
import { ExportDialog } from "./ExportDialog";
import { FilterBar } from "./FilterBar";
import { addressOf, filtersOf, isFiltered } from "./filters";
import { TotalsRow } from "./TotalsRow";
import { type Rules, TradesTable } from "./TradesTable";
import { useTrades } from "./useTrades";

export default function HistoryPage() {
  const filters = filtersOf(route.value.query);
  const rules = useRules();
  const trades = useTrades(filters);
  const isExporting = useSignal(false);
  const count = trades.value?.length ?? 0;
  return (
    <>
      <div class="page-head">
        <h1>History</h1>
        <Button
          icon="download"
          onClick={() => {
            isExporting.value = true;
          }}
        >
          Export CSV
        </Button>
      </div>
      <Card title="Trades" isFlush isTitleHidden>
        <FilterBar filters={filters} symbols={[...rules.keys()]} />
        <Loaded of={trades} lines={8}>
          {(shown) =>
            count === 0 ? (
              <NoTrades isFiltered={isFiltered(filters)} />
            ) : (
              <>
                <TotalsRow trades={shown} hasMore={trades.hasMore} rules={rules} />
                <TradesTable trades={shown} rules={rules} />
              </>
            )
          }
        </Loaded>
        <LoadMore of={trades} />
        <ColdNote ranges={trades.cold} />
      </Card>
      {isExporting.value && (
        <ExportDialog
          filters={filters}
          onClose={() => {
            isExporting.value = false;
          }}
        />
      )}
    </>
  );
}

/** Ticks and steps; a list without them is still a list. */
function useRules(): Rules {
  const symbols = useResource((signal) => api.get("/api/market/symbols", { signal }), []).value;
  return useMemo(() => new Map(symbols?.items.map((each) => [each.symbol, each])), [symbols]);
}

function NoTrades(props: { isFiltered: boolean }) {
  if (props.isFiltered) {
    return (
      <Empty icon="search" title="No trade matches" action={<a href={addressOf({})}>Show all</a>}>
        Choose other filters.
      </Empty>
    );
  }
  return (
    <Empty
      icon="clock"
      title="No trades yet"
      action={<a href={href("market")}>Go to the market</a>}
    >
      Every order that you place will be here, with what became of it.
    </Empty>
  );
}
