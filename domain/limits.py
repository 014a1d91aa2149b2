"""Which risk limits a user may choose."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.account import RiskLimits
from domain.errors import ErrorCode, Rejected
from domain.precision import LARGEST, is_countable


@dataclass(frozen=True, slots=True)
class LimitRange:
    """The values that one limit may take, both ends included."""

    least: Decimal
    most: Decimal


_UNIT = Decimal("1e-8")
_ANY_NOTIONAL = LimitRange(Decimal(0), LARGEST - _UNIT)

# Zero stands where "nothing of the kind" is a sensible wish. A day's loss has no zero: before
# the first loss nobody has reached it. A collar of 10,000 bps lets a sale go for nothing.
RANGES: dict[str, LimitRange] = {
    "max_open_positions": LimitRange(Decimal(0), Decimal(1_000)),
    "max_position_notional_quote": _ANY_NOTIONAL,
    "max_order_notional_quote": _ANY_NOTIONAL,
    "max_daily_loss_pct": LimitRange(Decimal("0.01"), Decimal(100)),
    "max_orders_per_minute": LimitRange(Decimal(0), Decimal(60_000)),
    "price_collar_bps": LimitRange(Decimal(0), Decimal(10_000)),
}


def changed_limits(limits: RiskLimits, changes: Mapping[str, Decimal | int]) -> RiskLimits:
    """Return the limits with some of them changed.

    Args:
        limits: As they are.
        changes: New values by the limit's name, whole numbers where the limit counts.

    Raises:
        Rejected: `INVALID_REQUEST` with every value that is out of its range.
    """
    errors = [
        {"field": name, "message": f"must be between {allowed.least:f} and {allowed.most:f}"}
        for name, allowed in RANGES.items()
        if name in changes and not _is_within(Decimal(changes[name]), allowed)
    ]
    if errors:
        raise Rejected(
            ErrorCode.INVALID_REQUEST, "The limits are out of range; see errors.", errors=errors
        )
    return replace(limits, **changes)  # type: ignore[arg-type]  # the caller's model has typed them


def _is_within(value: Decimal, allowed: LimitRange) -> bool:
    return is_countable(value) and allowed.least <= value <= allowed.most
