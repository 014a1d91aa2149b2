"""Signals counted by day, symbol and model: what one event adds, and what the sums tell.

Everything added is a whole number or a decimal of fixed steps, so that sums are exact and the
order of the events does not matter. Days are UTC, and those on which analyses were made: a
score counts for the day of its analysis. What callers brought their own numbers for is left
out: it says nothing about the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, TypeAlias

from domain.analysis import Signal
from domain.event_messages import Event, SignalGenerated, SignalMessage, SignalScored
from domain.scorecard import Outcome

# As analyses and scores are rounded where they are made.
CONFIDENCE_STEP: Final = Decimal("0.000001")
R_STEP: Final = Decimal("0.0001")
RATE_STEP: Final = Decimal("0.0001")

Sums: TypeAlias = Mapping[str, int | Decimal]

NOTHING: Final[Sums] = {
    "signals": 0,
    **{str(signal).lower(): 0 for signal in Signal},
    "confidence_sum": Decimal(0).quantize(CONFIDENCE_STEP),
    "scored": 0,
    **{str(outcome).lower(): 0 for outcome in Outcome},
    "r_sum": Decimal(0).quantize(R_STEP),
}


@dataclass(frozen=True, slots=True, order=True)
class DayKey:
    """What is counted together."""

    day: datetime
    symbol: str
    model: str

    @property
    def identity(self) -> str:
        """Name the sums of this key."""
        return f"{self.day:%Y-%m-%d}:{self.symbol}:{self.model}"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one event adds; it has every member of `NOTHING`."""

    key: DayKey
    sums: Sums


def contribution_of(event: Event) -> Contribution | None:
    """Return what an event adds; None where it adds nothing."""
    message = event.message
    if not isinstance(message, SignalMessage) or message.brought_own:
        return None
    if isinstance(message, SignalGenerated):
        return _generated(message, event.timestamp)
    if isinstance(message, SignalScored):
        return _scored(message)
    return None


def contributions_of_record(record: Mapping[str, Any]) -> list[Contribution]:
    """Return what the events of a kept analysis add: its own, and its score's if it has one."""
    key = DayKey(day_of(record["created_at"]), record["symbol"], record["model"])
    if record["brought_own"]:
        return []
    found = [Contribution(key, _signal_sums(Signal(record["signal"]), record["confidence"]))]
    if (score := record.get("score")) is not None:
        sums = _score_sums(Outcome(score["outcome"]), score["r_multiple"])
        found.append(Contribution(key, sums))
    return found


def added(left: Sums, right: Sums) -> Sums:
    """Return two sums as one."""
    return {name: left[name] + right[name] for name in NOTHING}


def day_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's day, UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def told(sums: Sums) -> dict[str, Any]:
    """Return sums with the means and rates that they amount to; null where nothing is in them.

    `hit_rate` is the part of those entered whose take-profit came first, `mean_r` their mean
    result in units of what was risked.
    """
    entered = sum(int(sums[str(each).lower()]) for each in _ENTERED)
    return {
        **sums,
        "confidence_mean": _ratio(sums["confidence_sum"], sums["signals"], CONFIDENCE_STEP),
        "hit_rate": _ratio(sums["take_profit"], entered, RATE_STEP),
        "mean_r": _ratio(sums["r_sum"], entered, R_STEP),
    }


_ENTERED = (Outcome.TAKE_PROFIT, Outcome.STOP, Outcome.NEITHER)


def _generated(message: SignalGenerated, made_at: datetime) -> Contribution:
    key = DayKey(day_of(made_at), message.symbol, message.model)
    return Contribution(key, _signal_sums(message.signal, message.confidence))


def _scored(message: SignalScored) -> Contribution:
    key = DayKey(day_of(message.created_at), message.symbol, message.model)
    return Contribution(key, _score_sums(message.outcome, message.r_multiple))


def _signal_sums(signal: Signal, confidence: Decimal) -> Sums:
    rounded = confidence.quantize(CONFIDENCE_STEP, ROUND_HALF_EVEN)
    return {**NOTHING, "signals": 1, str(signal).lower(): 1, "confidence_sum": rounded}


def _score_sums(outcome: Outcome, r_multiple: Decimal | None) -> Sums:
    sums = {**NOTHING, "scored": 1, str(outcome).lower(): 1}
    if r_multiple is not None:
        sums["r_sum"] = r_multiple.quantize(R_STEP, ROUND_HALF_EVEN)
    return sums


def _ratio(part: int | Decimal, whole: int | Decimal, step: Decimal) -> Decimal | None:
    return (Decimal(part) / whole).quantize(step, ROUND_HALF_EVEN) if whole else None
