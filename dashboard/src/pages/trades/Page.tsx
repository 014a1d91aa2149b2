/** One trade: all of its record, and what becomes of it while it is open. */
import { useEffect } from "preact/hooks";
import { api } from "../../api/client";
import { useResource } from "../../api/resource";
import { isOpen, onPrivate, type Trade } from "../../live/private";
import { isLive } from "../../live/socket";
import type { PageProps } from "../../shell/pages";
import { href } from "../../shell/router";
import { Icon } from "../../ui/Icon";
import { SideBadge, StatusBadge } from "../../ui/numbers";
import { Empty, Loaded } from "../../ui/states";
import { WorkflowLink } from "../../ui/WorkflowLink";
import { useSymbols } from "../positions/useSymbols";
import { outcomeOf } from "../trade/outcome";
import { CancelOrder } from "./CancelOrder";
import { Fills, OrderFacts, Result, Timeline } from "./parts";

export default function TradePage({ parameter: id = "" }: PageProps) {
  const trade = useResource(
    (signal) => api.get("/api/trades/{trade_id}", { path: { trade_id: id }, signal }),
    [id],
  );
  const { value, replace } = trade;
  useEffect(
    () =>
      onPrivate(({ type, data }) => {
        const told = data as unknown as Trade;
        if (type !== "order_update" || told.trade_id !== id) return;
        if (value === null || value.updated_at <= told.updated_at) replace(told);
      }),
    [id, value, replace],
  );
  // What happened while the connection was gone was not told.
  const { reload } = trade;
  const live = isLive.value;
  useEffect(() => {
    if (live) reload();
  }, [live, reload]);

  const code = trade.problem?.code;
  if (code === "NOT_FOUND" || code === "INVALID_REQUEST") {
    return (
      <>
        <h1 class="page-title">Trade</h1>
        <Empty icon="search" title="There is no such trade here.">
          If it is old it may be in cold storage; <a href={href("history")}>the history</a> tells.
        </Empty>
      </>
    );
  }
  return <Loaded of={trade}>{(shown) => <Record trade={shown} onChange={replace} />}</Loaded>;
}

function Record({ trade, onChange }: { trade: Trade; onChange: (trade: Trade) => void }) {
  const symbol = useSymbols().get(trade.symbol);
  const { tone, icon, text } = outcomeOf(trade, symbol?.base_asset ?? trade.symbol);
  return (
    <>
      <div class="page-head">
        <div class="row">
          <h1>
            Trade · <a href={href("market", trade.symbol)}>{trade.symbol}</a>
          </h1>
          <SideBadge side={trade.side} />
          <StatusBadge status={trade.status} />
        </div>
        <div class="row">
          <WorkflowLink id={trade.workflow_id} />
          {isOpen(trade) && <CancelOrder trade={trade} onAnswer={onChange} />}
        </div>
      </div>
      <div class="stack">
        <p class={`outcome outcome-${tone}`} role="status">
          <Icon name={icon} />
          <strong>{text}.</strong>
        </p>
        <div class="columns">
          <Result trade={trade} symbol={symbol} />
          <OrderFacts trade={trade} symbol={symbol} />
          <Timeline trade={trade} />
        </div>
        <Fills trade={trade} symbol={symbol} />
      </div>
    </>
  );
}
