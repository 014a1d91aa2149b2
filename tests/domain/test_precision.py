from decimal import Decimal
from fractions import Fraction

from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from domain.precision import (
    ASSET_UNIT,
    LARGEST,
    cut_to_unit,
    is_countable,
    nearest_unit,
    raise_to_unit,
)
from tests.domain.strategies import wild_numbers

UNITS_OF_LARGEST = int(LARGEST / ASSET_UNIT)
countable = st.integers(1, UNITS_OF_LARGEST - 1).map(lambda count: count * ASSET_UNIT)


@given(countable, countable)
def test_the_product_of_two_countable_numbers_is_exact_while_an_account_can_hold_it(
    price: Decimal, quantity: Decimal
) -> None:
    product = price * quantity
    if product < LARGEST:
        assert Fraction(product) == Fraction(price) * Fraction(quantity)
        assert Decimal128(product).to_decimal() == product


@given(wild_numbers)
def test_countable_are_exactly_the_small_whole_multiples_of_a_unit(value: Decimal) -> None:
    # Beyond this exponent a fraction would need gigabytes; nothing there is countable but zero.
    is_far = value.is_finite() and abs(value.adjusted()) > 1_000
    expected = value.is_finite() and (
        value.is_zero()
        or (
            not is_far
            and abs(Fraction(value)) < LARGEST
            and (Fraction(value) * 10**8).denominator == 1
        )
    )
    assert is_countable(value) == expected


@given(countable)
def test_a_countable_number_stays_what_it_is(value: Decimal) -> None:
    assert is_countable(value)
    assert cut_to_unit(value) == raise_to_unit(value) == nearest_unit(value) == value


@given(st.decimals(min_value=0, max_value=10**18, places=16))
def test_rounding_is_down_for_what_moves_and_up_for_what_is_needed(value: Decimal) -> None:
    down, up = cut_to_unit(value), raise_to_unit(value)
    assert down <= value <= up
    assert up - down == (0 if down == value else ASSET_UNIT)
    assert nearest_unit(value) in {down, up}
    assert abs(nearest_unit(value) - value) <= ASSET_UNIT / 2
