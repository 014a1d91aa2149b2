"""The exchange misbehaves under load: each order is there once or not at all."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.chaos.people import Person, World, until

pytestmark = pytest.mark.timeout(300)

PEOPLE, ORDERS_EACH = 10, 10
# No record of the order: on a busy machine a quote may be too old, or a start too late.
TURNED_AWAY = "turned away"
SETTLE_S = 90.0
PLACING = {"method": "POST", "path": "/api/v3/order"}
ASKING = {"method": "GET", "path": "/api/v3/order"}
FAULTS: list[dict[str, Any]] = [
    {"kind": "drop_answer", "probability": 0.15, "match": PLACING},
    {"kind": "drop_request", "probability": 0.05, "match": PLACING},
    {"kind": "http_error", "probability": 0.05, "match": PLACING},
    {"kind": "http_error", "probability": 0.05, "match": PLACING, "executed": True},
    {"kind": "unknown_execution", "probability": 0.05, "match": PLACING, "code": -1006},
    {"kind": "unknown_execution", "probability": 0.1, "match": PLACING, "executed": True},
    {"kind": "rate_limit", "probability": 0.05, "match": PLACING},
    # Beyond the receive window: refused as too late.
    {"kind": "delay", "probability": 0.1, "match": PLACING, "delay_ms": 1_200},
    {"kind": "delay_answer", "probability": 0.05, "match": PLACING, "delay_ms": 3_500},
    {"kind": "drop_answer", "probability": 0.1, "match": ASKING},
    {"kind": "http_error", "probability": 0.1, "match": ASKING},
]


def _key(number: int) -> str:
    return f"order {number}"


def _orders(rng: random.Random) -> list[dict[str, Any]]:
    symbols = rng.choices(["BTCUSDT", "ETHUSDT", "SOLUSDT"], k=ORDERS_EACH)
    return [
        {"symbol": symbol, "side": "BUY", "type": "MARKET", "quote_quantity": rng.randint(20, 60)}
        for symbol in symbols
    ]


async def test_a_hundred_orders_through_every_fault(world: World) -> None:
    people = await world.people(PEOPLE)
    rng = random.Random(11)
    for seed, fault in enumerate(FAULTS):
        await world.fault(**fault, seed=seed)
    try:
        answers = await asyncio.gather(*(
            person.place(_key(number), order)
            for person in people
            for number, order in enumerate(_orders(rng))
        ))  # fmt: skip
        _assert_answers(answers)
    finally:
        await world.clear_faults()

    async def are_settled() -> bool:
        return all([not (await world.account(person))["orders"] for person in people])

    await until(are_settled, SETTLE_S, "every order settled")
    outcomes = Counter[str]()
    for person in people:
        outcomes += await _outcomes(world, person)
        await world.assert_even(person)
    assert set(outcomes) <= {"FILLED", "REJECTED", TURNED_AWAY}
    # Only who was told so at once has no record.
    assert outcomes[TURNED_AWAY] <= sum(answer.status_code == 503 for answer in answers)
    # Most get through, or it was no test of orders.
    assert outcomes["FILLED"] > PEOPLE * ORDERS_EACH / 2


def _assert_answers(answers: list[httpx.Response]) -> None:
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) <= {201, 202, 503}, counts
    assert counts[201] > len(answers) / 2, counts


async def _outcomes(world: World, person: Person) -> Counter[str]:
    """Count what became of a person's orders, each compared with the exchange."""
    status_of = {trade["trade_id"]: trade["status"] for trade in await world.trades(person)}
    outcomes = Counter[str]()
    for key in map(_key, range(ORDERS_EACH)):
        status = status_of.pop(person.trade_id(key), TURNED_AWAY)
        at_venue = await world.orders_at_venue(person.client_order_id(key))
        assert at_venue == (status == "FILLED"), (key, status)
        outcomes[status] += 1
    assert status_of == {}
    return outcomes
