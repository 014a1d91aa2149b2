import re
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, Rejected
from domain.market import SymbolRules
from domain.orders import (
    OrderIntent,
    client_order_id,
    fingerprint,
    trade_id_from_client_order_id,
    trade_id_of,
    validate_intent,
    workflow_id,
)
from tests.domain.strategies import RULES, few_intents, intent_of, order_of, wild_numbers

D = Decimal
# From Binance's REST documentation of newClientOrderId.
BINANCE_ID = re.compile(r"^[.A-Z:/a-z0-9_-]{1,36}$")
BTC = RULES["BTCUSDT"]
UNLIMITED = replace(
    BTC,
    tick_size=D(0),
    step_size=D(0),
    min_price=D(0),
    max_price=D(0),
    min_quantity=D(0),
    max_quantity=D(0),
    max_market_quantity=D(0),
    min_notional=D(0),
)


def refusal(intent: OrderIntent, rules: SymbolRules = BTC) -> tuple[ErrorCode, set[str]] | None:
    try:
        validate_intent(intent, rules)
    except Rejected as error:
        return error.code, {part["field"] for part in error.extensions["errors"]}
    return None


# --- ids


@given(st.text(max_size=80), st.text(max_size=255))
def test_ids_derive_from_user_and_key_round_trip_and_fit_the_venue(user: str, key: str) -> None:
    trade_id = trade_id_of(user, key)
    assert trade_id == trade_id_of(user, key)
    venue_id = client_order_id(trade_id)
    assert BINANCE_ID.match(venue_id)
    assert trade_id_from_client_order_id(venue_id) == trade_id
    assert workflow_id(trade_id) == f"trade-{trade_id}"


@given(st.tuples(st.uuids(), st.text(max_size=9)), st.tuples(st.uuids(), st.text(max_size=9)))
def test_another_user_or_key_is_another_trade(
    one: tuple[uuid.UUID, str], other: tuple[uuid.UUID, str]
) -> None:
    ids = trade_id_of(str(one[0]), one[1]), trade_id_of(str(other[0]), other[1])
    assert (ids[0] == ids[1]) == (one == other)


def test_a_key_derives_the_trade_it_always_derived() -> None:
    # A change here lets orders that were placed before an upgrade be placed again.
    assert trade_id_of("user-1", "key") == "4335a0ef-cbf7-5168-8346-ea13bfa66775"


@given(st.text(alphabet="bc-0123456789abcdefABCDEF_{} ", max_size=40))
def test_only_our_own_spelling_of_a_venue_id_is_ours(value: str) -> None:
    trade_id = trade_id_from_client_order_id(value)
    assert trade_id is None or client_order_id(trade_id) == value


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "bc-",
        "x-HNA2TXFJ8f6c0a1b2c3d4e5f6",
        "web_0123456789abcdef0123456789abcdef",
        "BC-0123456789abcdef0123456789abcdef",
        "bc-0123456789ABCDEF0123456789ABCDEF",
        "bc-01234567-89ab-cdef-0123-456789abcdef",
        "bc-{0123456789abcdef0123456789abcdef",
        "bc-0_23456789abcdef0123456789abcdef",
        "bc-0123456789abcdef0123456789abcdeg",
    ],
)
def test_orders_of_others_are_not_ours(foreign: str) -> None:
    assert trade_id_from_client_order_id(foreign) is None


def test_an_order_carries_its_ids() -> None:
    order = order_of(intent_of(quantity="0.001"))
    assert order.client_order_id == client_order_id(order.trade_id)
    assert order.workflow_id == workflow_id(order.trade_id)


# --- fingerprint


@given(few_intents, st.data())
def test_fingerprints_are_equal_exactly_when_orders_are(
    one: OrderIntent, data: st.DataObject
) -> None:
    # A second order that differs in one field at most finds more than two unrelated ones.
    field = data.draw(st.sampled_from(OrderIntent.__slots__))
    other = replace(one, **{field: getattr(data.draw(few_intents), field)})
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


@given(wild_numbers.filter(Decimal.is_finite))
def test_a_number_may_be_spelled_in_any_way(value: Decimal) -> None:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    spelled = Decimal((sign, (*digits, 0, 0), exponent - 2))
    intents_ = [replace(intent_of(quantity="1"), quantity=number) for number in (value, spelled)]
    assert fingerprint(intents_[0]) == fingerprint(intents_[1])
