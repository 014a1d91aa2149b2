"""Signals that arrive while a workflow completes: whoever waits for it is still answered."""

import asyncio

from domain.orders import Order
from tests.trading_floor import Floor
from workflows.trade_execution import TradeExecution


async def knock(floor: Floor, order: Order) -> None:
    """Signal a workflow now and again while it is canceled; not for ever, for it could not end."""
    handle = floor.trading.client.get_workflow_handle(order.workflow_id)
    for _ in range(6):
        await handle.signal(TradeExecution.check_venue)


async def test_a_cancel_is_answered_whatever_crosses_it(floor: Floor) -> None:
    person = await floor.person()
    for _ in range(10):
        order = await floor.rest(person)
        knocking = asyncio.create_task(knock(floor, order))
        try:
            async with asyncio.timeout(20):
                trade = await floor.trading.desk.cancel(order.trade_id)
            assert trade.status == "CANCELED"
        finally:
            knocking.cancel()
            await asyncio.gather(knocking, return_exceptions=True)
    account = await floor.account(person)
    assert account.balance("USDT").free == 10_000
