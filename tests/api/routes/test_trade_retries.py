"""The document's retry policy, read from the workflow's history: attempts at 0, 1 and 3 s."""

from datetime import datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory

from tests.api.routes.trading import Market, Trader, ended_history, refused

ORDERS = {"method": "POST", "path": "/api/v3/order"}
# How much later than the policy says an attempt may begin on a busy machine.
LATE_S = 1.4


class Attempts:
    """When a workflow's history says that each attempt at a step began.

    The first attempt is a local activity, told by a marker; the later ones are one ordinary
    activity, whose last attempt alone the history keeps.
    """

    def __init__(self, history: WorkflowHistory, step: str) -> None:
        self.began = history.events[0].event_time.ToDatetime()
        self.first: list[datetime] = []
        self.scheduled: list[datetime] = []
        self.last: list[tuple[int, datetime]] = []
        ours: set[int] = set()
        for event in history.events:
            at = event.event_time.ToDatetime()
            if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
                if step.encode() in event.SerializeToString():
                    self.first.append(at)
            elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                if event.activity_task_scheduled_event_attributes.activity_type.name == step:
                    self.scheduled.append(at)
                    ours.add(event.event_id)
            elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                if started.scheduled_event_id in ours:
                    self.last.append((started.attempt, at))

    def after_s(self, moment: datetime) -> float:
        return (moment - self.began) / timedelta(seconds=1)


async def test_a_failing_order_is_tried_at_0_1_and_3_s_and_then_fails(
    trader: Trader, market: Market
) -> None:
    fault = await market.fault(kind="rate_limit", match=ORDERS, retry_after_s=1)
    problem = refused(await trader.execute(key="k"), 503, "VENUE_UNAVAILABLE")
    attempts = Attempts(await ended_history(trader, problem["trade_id"]), "place_order")
    assert len(attempts.first) == 1
    assert attempts.after_s(attempts.first[0]) < LATE_S
    (second,), ((number, third),) = attempts.scheduled, attempts.last
    assert 1.0 <= attempts.after_s(second) < 1.0 + LATE_S
    assert number == 2
    assert 2.0 <= (third - second) / timedelta(seconds=1) < 2.0 + LATE_S
    assert 3.0 <= attempts.after_s(third) < 3.0 + 2 * LATE_S
    assert await market.fired(fault) == 3
    assert await market.orders(problem["trade_id"]) == []
    record = await trader.recorded(problem["trade_id"], "REJECTED")
    assert record["failure"]["code"] == "VENUE_UNAVAILABLE"
    description = await trader.workflow(problem["trade_id"]).describe()
    assert description.status is WorkflowExecutionStatus.FAILED
    assert (await trader.account())["balances"]["USDT"]["free"] == 10_000
    again = await trader.execute(key="k")
    assert again.headers["idempotency-replayed"] == "true"
    refused(again, 503, "VENUE_UNAVAILABLE")
    assert await market.fired(fault) == 3


async def test_a_final_no_is_not_tried_again(trader: Trader, market: Market) -> None:
    fault = await market.fault(kind="reject", match=ORDERS)
    problem = refused(await trader.execute(), 422, "INVALID_ORDER")
    attempts = Attempts(await ended_history(trader, problem["trade_id"]), "place_order")
    assert (len(attempts.first), attempts.scheduled, attempts.last) == (1, [], [])
    assert await market.fired(fault) == 1


async def test_refused_keys_are_not_tried_again(trader: Trader, market: Market) -> None:
    refusal = {"status": 401, "code": -2015, "msg": "Invalid API-key, IP, or permissions."}
    fault = await market.fault(kind="reject", match=ORDERS, **refusal)
    problem = refused(await trader.execute(), 403, "FORBIDDEN")
    attempts = Attempts(await ended_history(trader, problem["trade_id"]), "place_order")
    assert (len(attempts.first), attempts.scheduled) == (1, [])
    assert await market.fired(fault) == 1


async def test_a_longer_retry_after_takes_the_place_of_the_wait(
    trader: Trader, market: Market
) -> None:
    await market.fault(kind="rate_limit", match=ORDERS, retry_after_s=2, count=1)
    trade = await trader.bought()
    attempts = Attempts(await ended_history(trader, trade["trade_id"]), "place_order")
    (second,) = attempts.scheduled
    assert 2.0 <= attempts.after_s(second) < 2.0 + LATE_S
    assert len(await market.orders(trade["trade_id"])) == 1


async def test_a_retry_after_that_is_too_long_ends_the_attempts(
    trader: Trader, market: Market
) -> None:
    fault = await market.fault(kind="rate_limit", match=ORDERS, retry_after_s=3_600)
    answer = await trader.execute()
    problem = refused(answer, 503, "VENUE_UNAVAILABLE")
    assert (problem["retry_after_s"], answer.headers["retry-after"]) == (3_600, "3600")
    await trader.recorded(problem["trade_id"], "REJECTED")
    assert await market.fired(fault) == 1
    await market.calm()
    await market.fault(kind="rate_limit", match=ORDERS, retry_after_s=1, count=1)
    later = await market.fault(kind="rate_limit", match=ORDERS, retry_after_s=3_600)
    problem = refused(await trader.execute(), 503, "VENUE_UNAVAILABLE")
    await trader.recorded(problem["trade_id"], "REJECTED")
    assert await market.fired(later) == 2
    assert (await trader.account())["balances"]["USDT"]["free"] == 10_000


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_fault_is_asked_about_before_the_next_attempt(
    trader: Trader, market: Market, status: int
) -> None:
    fault = await market.fault(
        kind="http_error", status=status, match=ORDERS, count=1, executed=status == 500
    )
    trade = await trader.bought()
    assert trade["status"] == "FILLED"
    assert await market.fired(fault) == 1
    assert len(await market.orders(trade["trade_id"])) == 1
