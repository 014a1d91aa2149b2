"""Reservations whose workflow never started, against the exchange and Temporal themselves."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from activities.orphans import Swept
from adapters.binance_venue import order_parameters
from domain.account import Account
from domain.errors import ErrorCode
from domain.market import Pricing
from domain.orders import Order
from domain.reservation import Reserved, reserve
from domain.timing import ORPHAN_AGE_S
from tests.trading_floor import Floor, Person
from workers.temporal import TRADING_QUEUE
from workflows.orphan_sweep import OrphanSweep
from workflows.trade_execution import TradeExecution

OLD = timedelta(seconds=ORPHAN_AGE_S + 1)


@pytest.fixture(autouse=True)
async def _tidy(floor: Floor) -> AsyncIterator[None]:
    yield
    await floor.clear_faults()
    await floor.clear_book()


async def hold(floor: Floor, person: Person, age: timedelta = OLD) -> Order:
    """Reserve an order as a process does that dies before it starts the workflow."""
    order = floor.order(person)
    quote = await floor.trading.quotes.quote(order.intent.symbol)
    assert quote is not None
    pricing, at = Pricing(quote), datetime.now(UTC) - age
    requested_at_ms = floor.trading.venue.now_ms() - int(age.total_seconds() * 1000)

    def decide(account: Account) -> Account:
        reserved = reserve(account, order, pricing, at, requested_at_ms)
        assert isinstance(reserved, Reserved)
        return reserved.account

    account = await floor.trading.accounts.change(person.user_id, decide)
    assert account.balance("USDT").locked > 0
    return order


async def sweep(floor: Floor) -> Swept:
    return await floor.trading.client.execute_workflow(
        OrphanSweep.run, id=f"sweep-{secrets.token_hex(4)}", task_queue=TRADING_QUEUE
    )


async def place_at_venue(person: Person, order: Order) -> None:
    await person.venue.create_order(**order_parameters(order))


async def test_an_order_that_never_left_is_released(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person)
    assert (await sweep(floor)).released == 1
    record = await floor.until_recorded(order, "REJECTED")
    assert record["failure"]["code"] == ErrorCode.SERVICE_UNAVAILABLE
    account = await floor.account(person)
    assert account.orders == {}
    assert account.balance("USDT").free == 10_000
    assert await sweep(floor) == Swept()


async def test_whoever_was_slow_to_start_it_sends_nothing(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person)
    assert (await sweep(floor)).released == 1
    await floor.until_recorded(order, "REJECTED")
    outcome = await floor.trading.desk.execute(order)
    assert outcome.is_replay
    assert outcome.placement is not None
    assert outcome.placement.trade is not None
    assert outcome.placement.trade.status == "REJECTED"
    assert [item["kind"] for item in await floor.ledger(person)] == ["ACCOUNT"]


async def test_an_order_at_the_venue_is_adopted_and_followed_to_its_end(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person)
    await place_at_venue(person, order)
    assert (await sweep(floor)).adopted == 1
    await floor.until_recorded(order, "NEW")
    assert await floor.trading.desk.is_running(order.trade_id)
    canceled = await floor.trading.desk.cancel(order.trade_id)
    assert canceled.status == "CANCELED"
    assert (await floor.account(person)).balance("USDT").free == 10_000


async def test_an_order_that_the_venue_has_filled_is_settled(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person)
    await place_at_venue(person, order)
    await floor.trade("0.01")
    await sweep(floor)
    record = await floor.until_recorded(order, "FILLED")
    assert record["executed_quantity"] == Decimal("0.01")
    assert (await floor.account(person)).orders == {}


async def test_a_young_order_is_not_looked_at(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person, age=timedelta(seconds=ORPHAN_AGE_S - 10))
    assert await sweep(floor) == Swept()
    assert order.trade_id in (await floor.account(person)).orders
    await _end(floor, order)


async def test_an_order_with_a_running_workflow_is_left_to_it(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person)
    # On a queue that nobody serves: it runs, and stands still.
    handle = await floor.trading.client.start_workflow(
        TradeExecution.run, args=[order, None], id=order.workflow_id, task_queue="nobody"
    )
    assert (await sweep(floor)).running == 1
    assert order.trade_id in (await floor.account(person)).orders
    await handle.terminate()
    assert (await sweep(floor)).released == 1
    await floor.until_recorded(order, "REJECTED")


async def test_nothing_is_concluded_while_the_venue_is_silent(floor: Floor) -> None:
    person = await floor.person()
    order = await hold(floor, person)
    path = "/api/v3/order"
    await floor.fault(kind="http_error", match={"method": "GET", "path": path})
    assert (await sweep(floor)).left == 1
    assert order.trade_id in (await floor.account(person)).orders
    await floor.clear_faults()
    assert (await sweep(floor)).released == 1
    await floor.until_recorded(order, "REJECTED")


async def test_one_that_cannot_be_judged_does_not_stop_the_others(floor: Floor) -> None:
    unclear, clear = await floor.person(), await floor.person()
    first, second = await hold(floor, unclear), await hold(floor, clear)
    match = {"method": "GET", "path": "/api/v3/order", "account_id": unclear.account_id}
    await floor.fault(kind="http_error", match=match)
    swept = await sweep(floor)
    assert (swept.left, swept.released) == (1, 1)
    await floor.until_recorded(second, "REJECTED")
    await floor.clear_faults()
    await sweep(floor)
    await floor.until_recorded(first, "REJECTED")


async def _end(floor: Floor, order: Order) -> None:
    """Take an order off its account, so that the next test finds none."""
    await floor.trading.desk.execute(order)
    await floor.trading.desk.cancel(order.trade_id)
