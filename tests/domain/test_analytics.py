from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rabbitmq_messages import read_event
from domain.analysis import Signal
from domain.analytics import NOTHING, added, contribution_of, contributions_of_record, day_of, told
from domain.events import AI_SIGNAL_GENERATED, AI_SIGNAL_SCORED, TRADE_EXECUTED
from domain.scorecard import Outcome
from tests.events import AT, an_event, envelope_of

CONFIDENCES = st.decimals(0, 1, places=6)
MULTIPLES = st.one_of(st.none(), st.decimals(-1, 50, places=4))
RECORDS = st.fixed_dictionaries(
    {
        "created_at": st.just(AT),
        "symbol": st.just("BTCUSDT"),
        "model": st.just("sandbox-rule-1"),
        "brought_own": st.booleans(),
        "signal": st.sampled_from([str(each) for each in Signal]),
        "confidence": CONFIDENCES,
        "score": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {
                    "outcome": st.sampled_from([str(each) for each in Outcome]),
                    "r_multiple": MULTIPLES,
                }
            ),
        ),
    }
)


def events_of(record: dict[str, Any]) -> list[Any]:
    """Return the events that made a record what it is, read as a consumer reads them."""
    shared = {name: record[name] for name in ("brought_own", "signal", "confidence")}
    found = [an_event(AI_SIGNAL_GENERATED, **shared)]
    if record["score"]:
        found.append(an_event(AI_SIGNAL_SCORED, **shared, **record["score"]))
    return [read_event(envelope_of(event)) for event in found]


@given(st.lists(RECORDS, max_size=20), st.randoms())
def test_records_and_events_add_up_to_the_same_in_any_order(
    records: list[dict[str, Any]], random: Any
) -> None:
    of_records = [one.sums for record in records for one in contributions_of_record(record)]
    events = [event for record in records for event in events_of(record)]
    random.shuffle(events)
    found = [contribution_of(event) for event in events]
    of_events = [one.sums for one in found if one is not None]
    total = dict(NOTHING)
    for sums in of_records:
        total = dict(added(total, sums))
    again = dict(NOTHING)
    for sums in of_events:
        again = dict(added(again, sums))
    assert again == total
    # To the digit: as exact decimals of the same steps.
    assert {name: str(value) for name, value in again.items()} == {
        name: str(value) for name, value in total.items()
    }
    assert total["signals"] == total["long"] + total["short"] + total["neutral"]
    assert total["signals"] == sum(not record["brought_own"] for record in records)


@given(RECORDS)
def test_means_and_rates_are_of_what_is_there(record: dict[str, Any]) -> None:
    total = NOTHING
    for one in contributions_of_record(record):
        total = added(total, one.sums)
    shown = told(total)
    if record["brought_own"]:
        assert shown["confidence_mean"] is None
    else:
        assert shown["confidence_mean"] == record["confidence"]
    score = None if record["brought_own"] else record["score"]
    if score is None or score["outcome"] == Outcome.NOT_ENTERED:
        assert shown["hit_rate"] is shown["mean_r"] is None
    else:
        assert shown["hit_rate"] == (score["outcome"] == Outcome.TAKE_PROFIT)
        assert shown["mean_r"] == (score["r_multiple"] or 0)


def test_a_score_counts_for_the_day_of_its_analysis() -> None:
    event = an_event(AI_SIGNAL_SCORED, created_at=AT - timedelta(days=1))
    found = contribution_of(read_event(envelope_of(event)))
    assert found is not None
    assert found.key.identity == "2025-10-09:BTCUSDT:sandbox-rule-1"


def test_what_is_no_signal_adds_nothing() -> None:
    assert contribution_of(read_event(envelope_of(an_event(TRADE_EXECUTED)))) is None


@pytest.mark.parametrize("hour", [0, 23])
def test_days_are_utc(hour: int) -> None:
    moment = datetime(2025, 10, 10, hour, 59, tzinfo=timezone(timedelta(hours=-5)))
    assert day_of(moment) == datetime(2025, 10, 10 + (hour == 23), tzinfo=UTC)


def test_many_are_exact() -> None:
    total = NOTHING
    event = read_event(envelope_of(an_event(AI_SIGNAL_GENERATED, confidence=Decimal("0.1"))))
    found = contribution_of(event)
    assert found is not None
    for _ in range(1_000):
        total = added(total, found.sums)
    assert total["confidence_sum"] == 100
