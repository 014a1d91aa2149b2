import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, Rejected
from domain.market import SymbolRules
from domain.orders import (
    OrderIntent,
    OrderType,
    Side,
    TimeInForce,
    validate_intent,
)
from tests.domain.strategies import RULES, few_intents, intent_of, intents, wild_numbers

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


# --- shape


@given(intents())
def test_well_formed_orders_have_a_shape_that_fits(intent: OrderIntent) -> None:
    assert refusal(intent, replace(UNLIMITED, symbol=intent.symbol)) is None


FULL = OrderIntent(
    "BTCUSDT", Side.BUY, OrderType.STOP_LOSS_LIMIT, D(1), None, D(10), D(9), TimeInForce.GTC
)
LIMIT = intent_of(quantity="1", price="10")
MARKET = intent_of(quantity="1")


@pytest.mark.parametrize(
    ("intent", "fields"),
    [
        (replace(MARKET, quantity=None), {"quantity"}),
        (replace(MARKET, quote_quantity=D(10)), {"quantity"}),
        (replace(MARKET, price=D(10)), {"price"}),
        (replace(MARKET, stop_price=D(10)), {"stop_price"}),
        (replace(MARKET, time_in_force=TimeInForce.IOC), {"time_in_force"}),
        (replace(LIMIT, price=None), {"price"}),
        (replace(LIMIT, quantity=None, quote_quantity=D(10)), {"quote_quantity"}),
        (replace(LIMIT, stop_price=D(9)), {"stop_price"}),
        (replace(FULL, stop_price=None), {"stop_price"}),
        (replace(FULL, type=OrderType.TAKE_PROFIT_LIMIT, stop_price=None), {"stop_price"}),
        (replace(FULL, quantity=D(0)), {"quantity"}),
        (replace(FULL, price=D(-1)), {"price"}),
        (replace(FULL, stop_price=D("-0")), {"stop_price"}),
        (replace(MARKET, quantity=None, quote_quantity=D(0)), {"quote_quantity"}),
        (replace(MARKET, quantity=None, quote_quantity=D("1e-9")), {"quote_quantity"}),
        (replace(FULL, quantity=D(-1), price=D("NaN"), stop_price=D("Infinity")),
         {"quantity", "price", "stop_price"}),
    ],
)  # fmt: skip
def test_fields_that_do_not_fit_the_type_are_named(intent: OrderIntent, fields: set[str]) -> None:
    assert refusal(intent) == (ErrorCode.INVALID_ORDER, fields)


@given(few_intents, wild_numbers, wild_numbers, wild_numbers)
def test_any_numbers_at_all_are_accepted_or_refused_but_never_an_accident(
    intent: OrderIntent, quantity: Decimal, price: Decimal, stop_price: Decimal
) -> None:
    for rules in (BTC, UNLIMITED):
        for changed in (
            replace(intent, quantity=quantity, price=price, stop_price=stop_price),
            replace(LIMIT, quantity=quantity, price=price),
            replace(MARKET, quantity=None, quote_quantity=quantity),
        ):
            refused = refusal(changed, rules)
            assert refused is None or refused[0] in {
                ErrorCode.INVALID_ORDER,
                ErrorCode.FILTER_FAILURE,
            }


# --- filters


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return not step or (Fraction(value) / Fraction(step)).denominator == 1


def fits(intent: OrderIntent, rules: SymbolRules) -> bool:
    """Say it once more, in exact fractions: what the venue's filters let through."""
    for price in (intent.price, intent.stop_price):
        if price is not None and not (
            is_multiple(price, rules.tick_size) and rules.min_price <= price <= rules.max_price
        ):
            return False
    quantity = intent.quantity
    if quantity is not None and not (
        is_multiple(quantity, rules.step_size)
        and rules.min_quantity <= quantity <= rules.max_quantity
        and (intent.type is not OrderType.MARKET or quantity <= rules.max_market_quantity)
    ):
        return False
    if intent.quote_quantity is not None:
        return intent.quote_quantity >= rules.min_notional
    if quantity is None or intent.price is None:
        return True
    notional = Fraction(quantity) * Fraction(intent.price)
    return Fraction(rules.min_notional) <= notional < 10**11


def near(*edges: Decimal, step: Decimal) -> st.SearchStrategy[Decimal]:
    """Draw numbers at edges, one step and a fraction of a step beside them."""
    beside = [D(0), step, -step, step / 2, -step / 2, step * 100]
    numbers = {max(edge + more, D("1e-8")) for edge in edges for more in beside}
    return st.sampled_from(sorted(numbers))


@given(st.data())
def test_the_filters_refuse_exactly_what_the_venue_would(data: st.DataObject) -> None:
    rules = data.draw(st.sampled_from(list(RULES.values())))
    if data.draw(st.booleans()):
        rules = replace(rules, min_price=rules.tick_size * 3, min_quantity=rules.step_size * 3)
    prices = near(
        rules.min_price, rules.max_price, rules.tick_size * 5_000_000, step=rules.tick_size
    )
    price = data.draw(prices)
    smallest = (rules.min_notional / price / rules.step_size).to_integral() * rules.step_size
    quantities = near(
        rules.min_quantity,
        rules.max_quantity,
        rules.max_market_quantity,
        min(smallest, rules.max_quantity),
        step=rules.step_size,
    )
    quantity = data.draw(quantities)
    quote_quantity = data.draw(near(rules.min_notional, step=D("1e-7")))
    for intent in (
        OrderIntent(rules.symbol, Side.BUY, OrderType.LIMIT, quantity, price=price),
        OrderIntent(
            rules.symbol,
            Side.SELL,
            OrderType.TAKE_PROFIT_LIMIT,
            quantity,
            price=price,
            stop_price=data.draw(prices),
        ),
        OrderIntent(rules.symbol, Side.SELL, OrderType.MARKET, quantity),
        OrderIntent(rules.symbol, Side.BUY, OrderType.MARKET, quote_quantity=quote_quantity),
    ):
        refused = refusal(intent, rules)
        assert (refused is None) == fits(intent, rules), intent


@pytest.mark.parametrize(
    ("intent", "field", "name"),
    [
        (intent_of(quantity="0.001", price="60000.001"), "price", "PRICE_FILTER"),
        (intent_of(quantity="0.001", price="1000000.01"), "price", "PRICE_FILTER"),
        (intent_of(quantity="0.001", price="1", stop_price="0.001"), "stop_price", "PRICE_FILTER"),
        (intent_of(quantity="0.000001", price="60000"), "quantity", "LOT_SIZE"),
        (intent_of(quantity="9000.00001", price="1"), "quantity", "LOT_SIZE"),
        (intent_of(quantity="120.00001"), "quantity", "MARKET_LOT_SIZE"),
        (intent_of(quantity="0.00008", price="60000"), "quantity", "NOTIONAL"),
        (intent_of(quote_quantity="4.99999999"), "quote_quantity", "NOTIONAL"),
    ],
)
def test_a_refusal_names_the_filter_and_the_field(
    intent: OrderIntent, field: str, name: str
) -> None:
    with pytest.raises(Rejected, match=name) as caught:
        validate_intent(intent, BTC)
    assert caught.value.code is ErrorCode.FILTER_FAILURE
    assert [part["field"] for part in caught.value.extensions["errors"]] == [field]


def test_a_market_limit_holds_where_the_venue_sets_no_other() -> None:
    rules = replace(BTC, max_quantity=D(0))
    assert refusal(intent_of(quantity="120"), rules) is None
    assert refusal(intent_of(quantity="120.00001"), rules) is not None
    assert refusal(intent_of(quantity="120.00001", price="1"), rules) is None


def test_a_notional_that_no_account_can_hold_is_refused_also_without_filters() -> None:
    large = D(10) ** 6
    assert refusal(intent_of(quantity=large, price=large / 10 - 1), UNLIMITED) is None
    assert refusal(intent_of(quantity=large, price=large / 10), UNLIMITED) is not None
