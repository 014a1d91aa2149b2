"""How finely money is counted, how large a number may be, and where it is rounded.

Binance counts every asset in units of 1e-8 (`baseAssetPrecision`, `quoteAssetPrecision`), in
64-bit integers. So do we, and round in three places only: what a fill moves is cut as the venue
cuts it, what an order reserves is rounded up, what a sale realised is rounded to the nearest
unit. Everything else is then exact: sums of such numbers, and the product of a price and a
quantity whose notional is below `LARGEST` (at most 27 digits; Python's decimal context has 28,
MongoDB's Decimal128 has 34).
"""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

ASSET_UNIT = Decimal("1e-8")
# 2**63 units are 92,233,720,368.54775807: the venue can hold nothing that is larger.
LARGEST = Decimal(10) ** 11
# Rounding what is too large to be held is no error: it is compared with a limit and denied.
_WIDE = Context(prec=64)


def is_countable(value: Decimal) -> bool:
    """Whether a price, a quantity or a notional is finite, small enough and in whole units."""
    if not value.is_finite() or value.copy_abs() >= LARGEST:
        return False
    return value == value.quantize(ASSET_UNIT)


def is_price(value: Decimal) -> bool:
    """Whether a quoted price or rate is one that can be multiplied with and divided by."""
    return value.is_finite() and ASSET_UNIT <= value < LARGEST


def cut_to_unit(value: Decimal) -> Decimal:
    """Round towards zero: what the venue moves."""
    return value.quantize(ASSET_UNIT, ROUND_DOWN, _WIDE)


def raise_to_unit(value: Decimal) -> Decimal:
    """Round up: what must be there for it."""
    return value.quantize(ASSET_UNIT, ROUND_CEILING, _WIDE)


def nearest_unit(value: Decimal) -> Decimal:
    """Round to the nearest unit: what is reported, not moved."""
    return value.quantize(ASSET_UNIT, ROUND_HALF_EVEN, _WIDE)
