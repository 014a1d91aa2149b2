/** What a session holds, and how it executes. */
import type { ComponentChildren } from "preact";
import type { Schema } from "../../api/client";
import { format, signOf } from "../../money/decimal";
import { href } from "../../shell/router";
import { Card, Facts } from "../../ui/Card";
import { Moment } from "../../ui/Moment";
import { Money, Price } from "../../ui/numbers";
import { type Column, Table } from "../../ui/Table";
import type { Portfolio, Session } from "./performance";

type Balance = Schema<"PaperBalanceAnswer">;

const COLUMNS: readonly Column<Balance>[] = [
  { title: "Asset", cell: ({ asset }) => <strong>{asset}</strong> },
  { title: "Free", isNumber: true, cell: ({ free }) => <Price value={free} /> },
  { title: "In orders", isNumber: true, cell: ({ locked }) => <Price value={locked} /> },
];

export function Balances({ portfolio }: { portfolio: Portfolio }) {
  const held = portfolio.balances.filter(
    ({ asset, total }) => asset === portfolio.quote_asset || signOf(total) !== 0,
  );
  return (
    <Card title="Paper balances" isFlush>
      <Table
        caption="Balances of this paper session"
        columns={COLUMNS}
        rows={held}
        keyOf={({ asset }) => asset}
      />
    </Card>
  );
}

export function Settings({ session }: { session: Session }) {
  const bps = (value: Session["slippage_bps"]) => `${format(value)} bps`;
  const facts: (readonly [ComponentChildren, ComponentChildren])[] = [
    ["Initial balance", <Money value={session.initial_balance} unit={session.quote_asset} />],
    ["Taker, maker fee", `${bps(session.taker_fee_bps)}, ${bps(session.maker_fee_bps)}`],
    ["Extra slippage", bps(session.slippage_bps)],
    ["Latency", `${format(session.latency_ms)} ms`],
    ["Seed", String(session.seed)],
    ["Started", <Moment at={session.created_at} />],
  ];
  if (Number(session.generation) > 1) {
    facts.push(["Resets", String(Number(session.generation) - 1)]);
  }
  if (session.forked_from) {
    const [origin = "", number = ""] = session.forked_from.split("#");
    facts.push([
      "Forked from",
      <a href={href("paper", origin)}>{number === "0" ? "the start" : `order ${number}`}</a>,
    ]);
  }
  return (
    <Card title="How it executes">
      <Facts facts={facts} />
    </Card>
  );
}
