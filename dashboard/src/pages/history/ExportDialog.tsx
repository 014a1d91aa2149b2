/** All trades that match the filters, as a file. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import type { Trade } from "../../live/private";
import { big, format } from "../../money/decimal";
import { Button } from "../../ui/Button";
import { Segmented } from "../../ui/Choice";
import { Dialog } from "../../ui/Dialog";
import { ErrorCard } from "../../ui/states";
import { collectAll } from "./collect";
import { type CsvFile, type ExportKind, fileOf } from "./exports";
import { isFiltered, queryOf, type TradeFilters } from "./filters";
import { saveFile } from "./save";

const PAGE = 1_000;

const KINDS = [
  ["trades", "Trades"],
  ["fills", "Fills"],
] as const;

const WHAT: Record<ExportKind, string> = {
  trades: "One line a trade, canceled and rejected ones included.",
  fills: "One line an execution at the venue, with its own price, quantity and fee.",
};

type State =
  | { phase: "asking" }
  | { phase: "reading"; count: number }
  | { phase: "done"; file: CsvFile }
  | { phase: "failed"; problem: Problem };

export function ExportDialog(props: { filters: TradeFilters; onClose: () => void }) {
  const kind = useSignal<ExportKind>("trades");
  const state = useSignal<State>({ phase: "asking" });
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const start = async () => {
    const running = new AbortController();
    const { signal } = running;
    abort.current = running;
    state.value = { phase: "reading", count: 0 };
    try {
      const trades = await readAll(props.filters, signal, (count) => {
        state.value = { phase: "reading", count };
      });
      const file = fileOf(kind.value, trades, props.filters, new Date());
      saveFile(file.name, file.content, "text/csv;charset=utf-8");
      state.value = { phase: "done", file };
    } catch (thrown) {
      if (!signal.aborted) state.value = { phase: "failed", problem: problemOf(thrown) };
    }
  };
  const cancel = () => {
    abort.current?.abort();
    state.value = { phase: "asking" };
  };
  const now = state.value;
  return (
    <Dialog title="Export as CSV" onClose={props.onClose}>
      <div class="form">
        <p>
          {isFiltered(props.filters)
            ? "All trades that match the filters, not only those on the page."
            : "All of your trades, not only those on the page."}{" "}
          Numbers keep every digit.
        </p>
        <div>
          <Segmented
            label="What is in the file"
            value={kind.value}
            choices={KINDS}
            onChange={(chosen) => {
              kind.value = chosen;
              if (now.phase !== "reading") state.value = { phase: "asking" };
            }}
          />
          <p class="field-hint export-what">{WHAT[kind.value]}</p>
        </div>
        <Progress state={now} />
      </div>
      <div class="dialog-actions">
        {now.phase === "reading" ? (
          <Button onClick={cancel}>Cancel</Button>
        ) : (
          <Button onClick={props.onClose}>Close</Button>
        )}
        <Button
          tone="primary"
          icon="download"
          isBusy={now.phase === "reading"}
          onClick={() => void start()}
        >
          Download
        </Button>
      </div>
    </Dialog>
  );
}

function Progress({ state }: { state: State }) {
  if (state.phase === "failed") return <ErrorCard problem={state.problem} />;
  return (
    <p class="export-progress figures" role="status">
      {state.phase === "reading" && `${counted(state.count, "trade")} read…`}
      {state.phase === "done" && `${counted(state.file.rows, "line")} in ${state.file.name}`}
    </p>
  );
}

function counted(count: number, noun: string): string {
  return `${format(big(count))} ${noun}${count === 1 ? "" : "s"}`;
}

function readAll(
  filters: TradeFilters,
  signal: AbortSignal,
  onProgress: (count: number) => void,
): Promise<Trade[]> {
  const read = (cursor: string | undefined, aborted: AbortSignal) =>
    api.get("/api/trades", {
      query: { ...queryOf(filters), cursor, limit: PAGE },
      signal: aborted,
    });
  return collectAll(read, { signal, onProgress });
}
