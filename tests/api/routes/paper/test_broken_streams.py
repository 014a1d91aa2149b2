"""What sessions do while the venue's streams are silent or cut."""

import asyncio

from tests.api.routes.paper.trading import Desk
from tests.api.routes.trading import D, Market, refused, until
from workers.paper_market.watching import CLOCK_MARGIN


async def test_no_order_fills_on_a_quote_that_nobody_confirms(desk: Desk, market: Market) -> None:
    await desk.traded()
    await market.fault(kind="silence_streams", target="market")

    async def is_stale() -> bool:
        return await desk.trader.edge.services.paper.prices.books.book("BTCUSDT") is None

    await until(is_stale, "the end of the last quote")
    count = (await desk.portfolio())["trade_count"]
    refused(await desk.execute("key"), 503, "QUOTE_STALE")
    await market.calm()
    assert (await desk.traded("key"))["status"] == "FILLED"
    assert (await desk.portfolio())["trade_count"] == count + 1


async def test_trades_that_the_stream_did_not_tell_fill_what_rests(
    desk: Desk, market: Market
) -> None:
    order = await desk.limit("BUY", "0.01", "59995")
    await market.fault(kind="close_streams", target="market")
    fall = {"side": "SELL", "quantity": D(3), "price": D(59_990)}
    await market.set(symbol="BTCUSDT", trade=fall)
    assert (await desk.ended(order["trade_id"], "FILLED"))["executed_price"] == D(59_995)


async def test_nor_need_anything_have_traded_before_it_broke(desk: Desk, market: Market) -> None:
    # Longer than the clocks may differ: the tape of trades begins with what the stream leaves out.
    await asyncio.sleep(CLOCK_MARGIN.total_seconds() + 0.5)
    await test_trades_that_the_stream_did_not_tell_fill_what_rests(desk, market)
