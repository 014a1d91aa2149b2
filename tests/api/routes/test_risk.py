"""Limits and the trading state: read, changed, and held against every order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import pytest

from adapters.exact_json import load
from adapters.rabbitmq_topology import EVENTS_EXCHANGE
from domain.account import Account, TradingDay
from tests.api.people import Edge
from tests.api.routes.conftest import quoted
from tests.api.routes.trading import D, Market, Trader, read, refused, until

LIMITS = "/api/risk/limits"
STATE = "/api/risk/trading-state"
DEFAULTS = {
    "max_open_positions": 20,
    "max_position_notional_quote": 50_000,
    "max_order_notional_quote": 10_000,
    "max_daily_loss_pct": 5,
    "max_orders_per_minute": 6_000,
    "price_collar_bps": 500,
}


@pytest.fixture
async def events(edge: Edge) -> AsyncIterator[list[dict[str, Any]]]:
    """Collect what is published from now on."""
    heard: list[dict[str, Any]] = []

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.append(load(message.body))

    connection = await aio_pika.connect(edge.services.settings.rabbitmq_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS_EXCHANGE, "#")
        await queue.consume(hear, no_ack=True)
        yield heard


async def told(events: list[dict[str, Any]], key: str, trade_id: str) -> dict[str, Any]:
    """Wait for the event of a trade."""

    async def found() -> dict[str, Any] | None:
        ours = (e for e in events if e["routing_key"] == key)
        return next((e for e in ours if e["data"]["trade_id"] == trade_id), None)

    event: dict[str, Any] = await until(found, f"{key} of {trade_id}")
    return event


async def arrange(trader: Trader, **changes: Any) -> None:
    """Put an account into a state that days of trading would bring."""

    def decide(account: Account) -> Account:
        return replace(account, **changes)

    await trader.edge.services.trading.accounts.change(trader.user_id, decide)


async def test_limits_are_read_and_changed_in_part(trader: Trader) -> None:
    assert await trader.get(LIMITS) == DEFAULTS
    changed = await trader.put(LIMITS, max_open_positions=3, max_daily_loss_pct=D("2.5"))
    assert (changed.status_code, changed.headers["cache-control"]) == (200, "private, no-store")
    expected = DEFAULTS | {"max_open_positions": 3, "max_daily_loss_pct": D("2.5")}
    assert read(changed) == expected
    assert read(await trader.put(LIMITS, price_collar_bps=None)) == expected
    assert await trader.get(LIMITS) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"max_open_positions": -1},
        {"max_open_positions": D("1.5")},
        {"max_open_positions": 1_001},
        {"max_order_notional_quote": -1},
        {"max_order_notional_quote": "100"},
        {"max_position_notional_quote": D("1e11")},
        {"max_position_notional_quote": D("0.000000001")},
        {"max_daily_loss_pct": 0},
        {"max_daily_loss_pct": D("100.01")},
        {"max_orders_per_minute": 60_001},
        {"price_collar_bps": 10_001},
        {"max_leverage": 1},
    ],
    ids=str,
)
async def test_bad_limits_change_nothing(trader: Trader, body: dict[str, Any]) -> None:
    # One bad value keeps the good ones out, too.
    problem = refused(
        await trader.put(LIMITS, **({"max_orders_per_minute": 7} | body)), 422, "INVALID_REQUEST"
    )
    assert {error["field"] for error in problem["errors"]} == set(body)
    assert await trader.get(LIMITS) == DEFAULTS


async def test_limits_changed_at_once_all_count(trader: Trader) -> None:
    await asyncio.gather(
        trader.put(LIMITS, max_open_positions=4),
        trader.put(LIMITS, price_collar_bps=40),
        trader.put(LIMITS, max_orders_per_minute=400),
    )
    changed = {"max_open_positions": 4, "price_collar_bps": 40, "max_orders_per_minute": 400}
    assert await trader.get(LIMITS) == DEFAULTS | changed


@dataclass(frozen=True)
class Case:
    """A limit, the order that exceeds it, and the numbers that are told (None: any)."""

    limit_type: str
    limits: dict[str, Any]
    limit: D
    current: D | None
    order: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("order_notional", {"max_order_notional_quote": 500}, D(500), D("600.0001")),
    Case("position_notional", {"max_position_notional_quote": 599}, D(599), D("600.0001")),
    Case("open_positions", {"max_open_positions": 0}, D(0), D(1)),
    Case("orders_per_minute", {"max_orders_per_minute": 0}, D(0), D(1)),
    Case(
        "price_collar",
        {"price_collar_bps": 100},
        D(100),
        None,
        {"type": "LIMIT", "price": D(60700)},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.limit_type)
async def test_each_limit_denies_with_its_numbers_and_is_told(
    trader: Trader, events: list[dict[str, Any]], case: Case
) -> None:
    await trader.put(LIMITS, **case.limits)
    before = await trader.state()
    problem = refused(await trader.execute(**case.order), 422, "RISK_LIMIT_EXCEEDED")
    assert (problem["limit_type"], problem["limit_value"]) == (case.limit_type, case.limit)
    assert case.current is None or problem["current_value"] == case.current
    event = await told(events, "risk.limit.exceeded", problem["trade_id"])
    assert event["event"] == "risk_limit_exceeded"
    assert event["data"]["user_id"] == trader.user_id
    for name in ("limit_type", "current_value", "limit_value"):
        assert event["data"][name] == problem[name]
    assert await trader.state() == before
    assert await trader.market.orders(problem["trade_id"]) == []


async def test_the_days_loss_stops_purchases_but_not_the_way_out(
    trader: Trader, market: Market, events: list[dict[str, Any]]
) -> None:
    await trader.put(LIMITS, max_daily_loss_pct=D("0.5"))
    await trader.bought(quantity=D("0.1"))
    await market.book("BTCUSDT", "59000.00", "59000.02")
    await quoted(trader.edge, "BTCUSDT", "59000.02")
    await trader.bought(side="SELL", quantity=D("0.05"))
    await trader.account()  # waits until the fill is on it
    problem = refused(await trader.execute(), 422, "RISK_LIMIT_EXCEEDED")
    assert (problem["limit_type"], problem["limit_value"]) == ("daily_loss", D("-0.5"))
    lost = (await trader.account())["realized_pnl_today"]
    assert problem["current_value"] == lost / 100
    await told(events, "risk.limit.exceeded", problem["trade_id"])
    await trader.bought(side="SELL", quantity=D("0.02"))


async def test_the_days_loss_ends_with_the_utc_day(trader: Trader) -> None:
    now = datetime.now(UTC)
    lost = {"realized_pnl": D(-900), "opening_equity": D(10_000)}
    await arrange(trader, day=TradingDay(date=now.date().isoformat(), **lost))
    assert (await trader.account())["realized_pnl_today"] == -900
    refused(await trader.execute(), 422, "RISK_LIMIT_EXCEEDED")
    yesterday = (now - timedelta(days=1)).date().isoformat()
    await arrange(trader, day=TradingDay(date=yesterday, **lost))
    assert (await trader.account())["realized_pnl_today"] == 0
    await trader.bought()


async def test_orders_at_once_do_not_pass_a_limit_together(trader: Trader) -> None:
    await trader.put(LIMITS, max_position_notional_quote=1_500)
    answers = await asyncio.gather(*(trader.execute() for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422, 422, 422]


async def test_orders_at_once_do_not_spend_a_balance_twice(trader: Trader) -> None:
    order: dict[str, Any] = {"type": "LIMIT", "quantity": D("0.08"), "price": D(55000)}
    answers = await asyncio.gather(*(trader.execute(**order) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]
    assert (await trader.account())["balances"]["USDT"]["free"] == 1_200


async def test_halted_and_reducing(trader: Trader, events: list[dict[str, Any]]) -> None:
    assert await trader.get(STATE) == {"state": "ACTIVE", "reason": ""}
    await trader.bought(quantity=D("0.02"))
    resting = await trader.bought(type="LIMIT", quantity=D("0.01"), price=D(55000))
    changed = await trader.put(STATE, state="REDUCING", reason=" too wild ")
    assert read(changed) == {"state": "REDUCING", "reason": "too wild"}
    assert (await trader.account())["trading_state"] == "REDUCING"
    problem = refused(await trader.execute(), 422, "TRADING_HALTED")
    assert problem["limit_type"] == "trading_state"
    await trader.bought(side="SELL", quantity=D("0.01"))
    await trader.put(STATE, state="HALTED", reason="stop")
    halted = refused(await trader.execute(side="SELL", quantity=D("0.005")), 422, "TRADING_HALTED")
    assert (await told(events, "trade.failed", halted["trade_id"]))["data"]["code"] == (
        "TRADING_HALTED"
    )
    canceled = await trader.call("DELETE", f"/api/trades/{resting['trade_id']}")
    assert canceled.status_code == 200
    assert await trader.get(STATE) == {"state": "HALTED", "reason": "stop"}
    await trader.put(STATE, state="ACTIVE")
    await trader.bought()


@pytest.mark.parametrize(
    "body",
    [{}, {"state": "OFF"}, {"state": "HALTED", "reason": "x" * 201}, {"state": "ACTIVE", "at": 1}],
    ids=str,
)
async def test_bad_states(trader: Trader, body: dict[str, Any]) -> None:
    refused(await trader.put(STATE, **body), 422, "INVALID_REQUEST")
    assert (await trader.get(STATE))["state"] == "ACTIVE"


async def test_limits_and_state_are_each_users_own(trader: Trader, another_trader: Trader) -> None:
    await trader.put(LIMITS, max_open_positions=1)
    await trader.put(STATE, state="HALTED")
    assert await another_trader.get(LIMITS) == DEFAULTS
    assert (await another_trader.get(STATE))["state"] == "ACTIVE"


async def test_a_change_of_state_reaches_every_socket_of_the_user(trader: Trader) -> None:
    await trader.put(STATE, state="HALTED", reason="enough")
    await trader.put(STATE, state="ACTIVE")
    told = [(frame["type"], frame["data"]["trading_state"]) for frame in await trader.told()]
    assert told == [("account_update", "HALTED"), ("account_update", "ACTIVE")]
