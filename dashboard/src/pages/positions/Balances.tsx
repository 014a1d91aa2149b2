/** What the account has, asset by asset. */
import { type Account, ownAccount } from "../../live/private";
import { isLive } from "../../live/socket";
import { big, type Decimal } from "../../money/decimal";
import { QUOTE_ASSET } from "../../money/equity";
import { Card } from "../../ui/Card";
import { Money, Price } from "../../ui/numbers";
import { Empty, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { NotLive } from "./NotLive";

type Balance = Account["balances"][number];

const COLUMNS: readonly Column<Balance>[] = [
  { title: "Asset", cell: ({ asset }) => <strong>{asset}</strong> },
  { title: "Free", isNumber: true, cell: ({ asset, free }) => amount(asset, free) },
  { title: "Locked", isNumber: true, cell: ({ asset, locked }) => amount(asset, locked) },
  { title: "Total", isNumber: true, cell: ({ asset, total }) => amount(asset, total) },
];

function amount(asset: string, value: Decimal) {
  return asset === QUOTE_ASSET ? <Money value={value} /> : <Price value={value} />;
}

export function Balances() {
  const account = ownAccount.value;
  const held = account?.balances.filter(({ total }) => !big(total).eq(0));
  return (
    <Card title="Balances" actions={<NotLive />} isFlush class={isLive.value ? "" : "stale"}>
      {held === undefined ? (
        <Skeleton lines={3} />
      ) : held.length === 0 ? (
        <Empty icon="layers" title="The account is empty.">
          Balances appear once something is paid in at the venue.
        </Empty>
      ) : (
        <Table
          caption="Assets of the account"
          columns={COLUMNS}
          rows={held}
          keyOf={({ asset }) => asset}
        />
      )}
    </Card>
  );
}
