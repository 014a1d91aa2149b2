/** What is held, what is on its way, and what was. */
import { Balances } from "./Balances";
import { ClosedPositions } from "./ClosedPositions";
import { OpenOrders } from "./OpenOrders";
import { OpenPositions } from "./OpenPositions";
import { useSymbols } from "./useSymbols";

export default function PositionsPage() {
  const symbols = useSymbols();
  return (
    <>
      <h1 class="page-title">Positions</h1>
      <div class="positions">
        <div class="stack">
          <OpenPositions symbols={symbols} />
          <OpenOrders symbols={symbols} />
          <ClosedPositions symbols={symbols} />
        </div>
        <Balances />
      </div>
    </>
  );
}
