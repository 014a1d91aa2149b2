"""What asking a model may cost in a day, in tokens and money."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

_PER_MILLION = Decimal(1_000_000)
# Money is counted in whole billionths of a dollar, so that a store of integers counts exactly.
NANOS_PER_USD = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """What a million tokens cost, in US dollars."""

    prompt_usd: Decimal
    completion_usd: Decimal


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be spent in a day (UTC)."""

    tokens: int
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What a call used, or can use at most."""

    tokens: int
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """What is set aside for one call, until its real usage is known."""

    day: str
    call_id: str
    user_id: str


def allowance(tokens: int, usd: Decimal) -> Allowance:
    """Return the allowance of so many tokens and dollars."""
    return Allowance(tokens, int(usd * NANOS_PER_USD))


def spending(prices: ModelPrices, prompt_tokens: int, completion_tokens: int) -> Spending:
    """Return what these tokens are, rounded up to the billionth."""
    usd = prices.prompt_usd * prompt_tokens + prices.completion_usd * completion_tokens
    nanos = (usd * NANOS_PER_USD / _PER_MILLION).to_integral_value(ROUND_CEILING)
    return Spending(prompt_tokens + completion_tokens, int(nanos))


def day_of(now: datetime) -> str:
    """Name the day of a moment."""
    return f"{now.astimezone(UTC):%Y%m%d}"


def seconds_to_next_day(now: datetime) -> float:
    """Return when the next budget begins."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - now).total_seconds()
