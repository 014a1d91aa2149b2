"""What is published is what consumers read: each publisher against the models."""

import ast
import dataclasses
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rabbitmq_messages import read_event
from domain.account_notices import ROUTING_KEYS, notice_event
from domain.activity import Activity, ActivityKind, Origin
from domain.analysis import Analysis, Opinion, Provenance, Signal
from domain.analysis_view import score_event, signal_event
from domain.candles import Timeframe
from domain.errors import ErrorCode
from domain.event_messages import (
    RiskLimitExceeded,
    SignalGenerated,
    SignalScored,
    TradeCanceled,
    TradeExecuted,
    TradeFailed,
    TradingHalted,
)
from domain.events import DomainEvent
from domain.order_status import OrderStatus
from domain.orders import OrderIntent, OrderType, Side
from domain.risk import Denial, LimitType, exceeded
from domain.scorecard import Outcome, Score
from domain.trade_events import denial_event, event_of
from domain.trades import Failure, fail, submitting
from tests.domain.desk import trade_of
from tests.domain.strategies import NOW, D, fill_of, intents, numbers, order_of
from tests.events import envelope_of

REPOSITORY = Path(__file__).resolve().parents[2]
M = TypeVar("M")
ENDS = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED)


def read(event: DomainEvent, model: type[M]) -> M:
    """Read an event as a consumer does; everything that its model names is as it was written."""
    found = read_event(envelope_of(event))
    assert type(found.message) is model
    assert (found.message_id, found.routing_key) == (event.message_id, event.routing_key)
    for member in dataclasses.fields(found.message):
        written = event.data.get(member.name, member.default)
        told = getattr(found.message, member.name)
        assert told == (tuple(written) if isinstance(written, list) else written), member.name
    return found.message


@given(st.lists(numbers(D("0.00001")), max_size=3), st.sampled_from(ENDS))
def test_ends_of_trades(quantities: list[Decimal], end: OrderStatus) -> None:
    fills = [fill_of(7 + n, "60000.01", quantity) for n, quantity in enumerate(quantities)]
    if end is OrderStatus.FILLED and not fills:
        end = OrderStatus.EXPIRED
    ordered = sum(quantities, D(0)) + (0 if end is OrderStatus.FILLED else D(1))
    intent = OrderIntent("BTCUSDT", Side.BUY, OrderType.LIMIT, quantity=ordered, price=D(60001))
    event = event_of(trade_of(intent, *fills, end=end))
    assert event is not None
    if end is OrderStatus.CANCELED:
        read(event, TradeCanceled)
    elif fills:
        assert read(event, TradeExecuted).executed_quantity == sum(quantities)
    else:
        assert read(event, TradeFailed).code == "EXPIRED"


@given(intents())
def test_orders_that_never_left(intent: OrderIntent) -> None:
    order = order_of(intent)
    failure = Failure(ErrorCode.VENUE_UNAVAILABLE, "away")
    event = event_of(fail(submitting(order, NOW), failure, NOW))
    assert event is not None
    assert read(event, TradeFailed).reason == "away"
    limit = exceeded(LimitType.DAILY_LOSS, "too much was lost", D("-5.5"), -5)
    assert read(denial_event(order, limit, NOW), RiskLimitExceeded).limit_type == "daily_loss"
    halted = Denial(ErrorCode.TRADING_HALTED, LimitType.TRADING_STATE, "halted")
    paper = dataclasses.replace(denial_event(order, halted, NOW))
    paper.data["session_id"] = "s1"
    assert read(paper, TradeFailed).session_id == "s1"


def an_analysis(signal: Signal) -> Analysis:
    prices = () if signal is Signal.NEUTRAL else (D(3), D(2), D(5), D(2))
    return Analysis(
        analysis_id="a1",
        workflow_id="analysis-x",
        subject="BTCUSDT:1h",
        symbol="BTCUSDT",
        timeframe=Timeframe.H1,
        candle_open_time=NOW,
        price=D(3),
        indicators={},
        opinion=Opinion(signal, D("0.85"), "because", *prices),
        provenance=Provenance("one", "v1", 1, 1, 1.0, is_repaired=False),
        created_at=NOW,
    )


@pytest.mark.parametrize("signal", list(Signal))
def test_signals_and_their_scores(signal: Signal) -> None:
    analysis = an_analysis(signal)
    made = signal_event(analysis, ["ann", "bob"])
    assert read(made, SignalGenerated).user_ids == ("ann", "bob")
    score = Score(Outcome.STOP, NOW, NOW + timedelta(hours=1), D(2), D(-1))
    for each in (score, Score(Outcome.NOT_ENTERED)):
        scored = score_event(analysis, ["ann", "bob"], each, NOW)
        assert scored.message_id != made.message_id
        assert read(scored, SignalScored).outcome is each.outcome


@pytest.mark.parametrize("kind", sorted(ROUTING_KEYS))
def test_notices(kind: ActivityKind) -> None:
    origin = Origin("127.0.0.1", "curl", "r1")
    told = Activity("x1", kind, "ann", NOW, origin, {"reason": "enough", "state": "HALTED"})
    event = notice_event(told)
    found = read_event(envelope_of(event)).message
    read(event, type(found))
    assert isinstance(found, TradingHalted) == (kind is ActivityKind.TRADING_HALTED)
    assert event.message_id == notice_event(told).message_id


# What may publish, and what each publishes on: activities alone reach the event bus.
PUBLISHERS = {
    "activities/analysis.py": {"bus"},
    "activities/notices.py": {"bus"},
    "activities/paper.py": {"bus"},
    "activities/settlement.py": {"bus"},
    "adapters/rabbitmq.py": {"exchange"},
    "adapters/rabbitmq_dead_letters.py": {"default_exchange"},
    "adapters/rabbitmq_intake.py": {"_graveyard"},
    # Redis, and the local stack's table of processes.
    "adapters/redis_books.py": {"pipeline"},
    "adapters/redis_invalidation.py": {"pipeline"},
    "workers/stack/session.py": {"directory"},
    # Trade.publish of the settlement, not of the bus.
    "activities/trading.py": {"settlement"},
}


def test_nothing_else_publishes() -> None:
    """Only what a workflow owns, and can retry, reaches the exchange."""
    found: dict[str, set[str]] = {}
    for folder in ("domain", "workflows", "activities", "adapters", "workers", "api"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            names = _published_on(ast.parse(path.read_text()))
            if names:
                found[str(path.relative_to(REPOSITORY))] = names
    assert found == PUBLISHERS


def _published_on(tree: ast.AST) -> set[str]:
    """Return the last names of what `.publish(…)` is called on; `self` means a method."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if node.func.attr == "publish" and name != "self":
                found.add(name)
    return found
