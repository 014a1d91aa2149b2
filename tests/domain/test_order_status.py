import itertools

import pytest

from domain.errors import HaltTrading
from domain.order_status import TERMINAL, TRANSITIONS, OrderStatus, move

S = OrderStatus
# Written out a second time, from the life of an order at the venue, not from the table.
ALLOWED = {
    *((S.SUBMITTING, to) for to in S if to is not S.SUBMITTING),
    *((S.UNKNOWN, to) for to in S if to not in {S.SUBMITTING, S.UNKNOWN}),
    (S.NEW, S.PARTIALLY_FILLED),
    (S.NEW, S.FILLED),
    (S.NEW, S.CANCELED),
    (S.NEW, S.REJECTED),
    (S.NEW, S.EXPIRED),
    (S.PARTIALLY_FILLED, S.FILLED),
    (S.PARTIALLY_FILLED, S.CANCELED),
    (S.PARTIALLY_FILLED, S.EXPIRED),
}


@pytest.mark.parametrize(("current", "to"), list(itertools.product(S, S)))
def test_every_edge_is_allowed_or_halts(current: OrderStatus, to: OrderStatus) -> None:
    if current is to or (current, to) in ALLOWED:
        assert move(current, to) is to
    else:
        with pytest.raises(HaltTrading):
            move(current, to)


def test_the_table_knows_every_status_and_nothing_leaves_an_end() -> None:
    assert set(TRANSITIONS) == set(S)
    assert {status for status in S if not TRANSITIONS[status]} == TERMINAL


def test_every_status_can_still_reach_an_end() -> None:
    for status in set(S) - TERMINAL:
        assert TRANSITIONS[status] & TERMINAL
