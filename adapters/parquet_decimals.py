"""Decimal128 as BSON stores it, to Arrow's decimals: exact, and without Python objects.

Arrow's are integers with a scale that is the column's; BSON's are integers with an exponent of
their own. Source of the bit layout: IEEE 754-2008, decimal128 with a binary integer significand.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bson.decimal128 import Decimal128

# As many digits as an analytical engine commonly reads; finer values stand in the record.
SCALE: Final = 18
PRECISION: Final = 38
DECIMAL: Final = pa.decimal128(PRECISION, SCALE)
# Sums of a whole column have room in this.
_WIDE: Final = pa.decimal256(76, SCALE)
_BIAS: Final = 6_176
_STEP: Final = Decimal(1).scaleb(-SCALE)
_EXACT: Final = Context(prec=PRECISION, traps=[Inexact, InvalidOperation])
_EXPONENT_MASK: Final = np.uint64(0x3FFF)
# Infinity, no number, and significands that no decimal128 in practice has.
_SPECIAL: Final = np.uint64(3 << 61)
_HIGH_MASK: Final = np.uint64((1 << 49) - 1)


def to_arrow(stored: Any) -> tuple[Any, int]:
    """Return a column of `DECIMAL`, and how many of its values have no room in it (null then).

    Args:
        stored: An Arrow array of 16 bytes each, as pymongoarrow reads Decimal128.
    """
    count = len(stored)
    valid = np.asarray(stored.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    words = _words(stored, count)
    low, high = words[:, 0], words[:, 1]
    negative = high >> np.uint64(63) == 1
    exponents = ((high >> np.uint64(49)) & _EXPONENT_MASK).astype(np.int64) - _BIAS
    # Significands of up to 64 bits with up to 18 decimals: all that markets have.
    plain = valid & (high & _HIGH_MASK == 0) & (exponents <= 0) & (exponents >= -SCALE)
    plain &= high & _SPECIAL != _SPECIAL
    found = np.zeros((count, 2), dtype=np.uint64)
    for exponent in np.unique(exponents[plain]):
        where = np.flatnonzero(plain & (exponents == exponent))
        found[where] = _rescaled(low[where], negative[where], -int(exponent))
    lost = _take_others(words, np.flatnonzero(valid & ~plain), found, valid)
    bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(DECIMAL, count, [bitmap, pa.py_buffer(found)]), lost


def total(column: Any) -> Decimal:
    """Return the exact sum of a column of `DECIMAL`."""
    added = pc.sum(column.cast(_WIDE)).as_py()
    return Decimal(0) if added is None else Decimal(added)


def _words(stored: Any, count: int) -> "np.typing.NDArray[np.uint64]":
    """Return the low and the high half of each value."""
    buffer = stored.buffers()[1]
    if buffer is None:
        return np.zeros((count, 2), dtype=np.uint64)
    words = np.frombuffer(buffer, dtype="<u8", count=2 * (stored.offset + count))
    return words.reshape(-1, 2)[stored.offset :]


def _rescaled(
    magnitudes: "np.typing.NDArray[np.uint64]", negative: "np.typing.NDArray[np.bool_]", scale: int
) -> "np.typing.NDArray[np.uint64]":
    """Return 128-bit integers of scale `SCALE` for 64-bit magnitudes of another one."""
    halves = np.zeros((len(magnitudes), 2), dtype=np.uint64)
    halves[:, 0] = np.where(negative, ~magnitudes + np.uint64(1), magnitudes)
    halves[:, 1] = np.where(negative & (magnitudes != 0), ~np.uint64(0), np.uint64(0))
    array = pa.Array.from_buffers(
        pa.decimal128(PRECISION, scale), len(magnitudes), [None, pa.py_buffer(halves)]
    )
    cast = array.cast(DECIMAL)
    return np.frombuffer(cast.buffers()[1], dtype="<u8", count=2 * len(cast)).reshape(-1, 2)


def _take_others(
    words: "np.typing.NDArray[np.uint64]",
    where: "np.typing.NDArray[np.intp]",
    found: "np.typing.NDArray[np.uint64]",
    valid: "np.typing.NDArray[np.bool_]",
) -> int:
    """Convert the rare values one by one; return how many have no room."""
    lost = 0
    for index in where:
        value = Decimal128.from_bid(words[index].tobytes()).to_decimal()
        whole = _scaled(value)
        if whole is None:
            valid[index] = False
            lost += 1
        else:
            found[index] = np.frombuffer(whole.to_bytes(16, "little", signed=True), dtype="<u8")
    return lost


def _scaled(value: Decimal) -> int | None:
    """Return a value as a whole number of the column's steps; None where it has no room."""
    if not value.is_finite():
        return None
    try:
        return int(value.quantize(_STEP, context=_EXACT).scaleb(SCALE, context=_EXACT))
    except ArithmeticError:
        return None
