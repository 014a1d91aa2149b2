from decimal import Decimal

import pytest

from adapters.rabbitmq_messages import MAX_BODY_BYTES, Cause, UnreadableError, read_event
from domain.event_messages import MESSAGES, SignalScored, TradeExecuted
from domain.events import AI_SIGNAL_SCORED, EVENT_VERSION, TRADE_EXECUTED
from domain.scorecard import Outcome
from tests.events import AT, DATA, an_event, envelope_of, without


def test_every_event_is_known() -> None:
    assert {routing_key for routing_key, _ in MESSAGES} == set(DATA)


@pytest.mark.parametrize("routing_key", sorted(DATA))
def test_each_is_read_as_its_model(routing_key: str) -> None:
    event = read_event(envelope_of(an_event(routing_key, "m1")))
    assert type(event.message) is MESSAGES[routing_key, EVENT_VERSION]
    assert event.message.user_id == "ann"
    assert (event.routing_key, event.message_id, event.timestamp) == (routing_key, "m1", AT)


def test_money_stays_exact() -> None:
    message = read_event(envelope_of(an_event(price=Decimal("0.1") + Decimal("1e-18")))).message
    assert isinstance(message, TradeExecuted)
    assert message.price == Decimal("0.100000000000000001")


def test_a_long_quotient_is_in_proportion() -> None:
    message = read_event(envelope_of(an_event(price=Decimal(1) / Decimal(3) / 10**9))).message
    assert isinstance(message, TradeExecuted)
    assert message.price == Decimal(1) / Decimal(3) / 10**9


def test_names_become_what_they_mean() -> None:
    message = read_event(envelope_of(an_event(AI_SIGNAL_SCORED))).message
    assert isinstance(message, SignalScored)
    assert (message.outcome, message.created_at) == (Outcome.STOP, AT)


def test_a_member_that_is_new_is_let_pass_and_kept() -> None:
    event = read_event(envelope_of(an_event(mood="good")))
    assert event.data["mood"] == "good"


@pytest.mark.parametrize("routing_key", sorted(DATA))
def test_an_event_about_nobody_is_refused(routing_key: str) -> None:
    for event in (an_event(routing_key, user_id=""), without(an_event(routing_key), "user_id")):
        with pytest.raises(UnreadableError) as caught:
            read_event(envelope_of(event))
        assert caught.value.cause is Cause.UNREADABLE


ENVELOPE = an_event(TRADE_EXECUTED, "m1")


def with_price(text: str) -> bytes:
    return envelope_of(an_event(price=12_345)).replace(b"12345", text.encode())


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", Cause.UNREADABLE),
        (b"{", Cause.UNREADABLE),
        (b"\xff", Cause.UNREADABLE),
        (b"[]", Cause.UNREADABLE),
        (b"{}", Cause.UNREADABLE),
        (b"null", Cause.UNREADABLE),
        (b"[" * 100_000, Cause.UNREADABLE),
        (b" " * (MAX_BODY_BYTES + 1), Cause.UNREADABLE),
        (envelope_of(ENVELOPE, message_id=""), Cause.UNREADABLE),
        (envelope_of(ENVELOPE, timestamp="yesterday"), Cause.UNREADABLE),
        (envelope_of(ENVELOPE, timestamp="2025-10-10T12:00:00"), Cause.UNREADABLE),
        (envelope_of(ENVELOPE, data=[]), Cause.UNREADABLE),
        (envelope_of(ENVELOPE, data={}), Cause.UNREADABLE),
        (envelope_of(an_event(side="HOLD")), Cause.UNREADABLE),
        (envelope_of(an_event(price="a lot")), Cause.UNREADABLE),
        (envelope_of(an_event(price="NaN")), Cause.UNREADABLE),
        (envelope_of(an_event(trade_id=None)), Cause.UNREADABLE),
        # Written out, each of these is too many zeros for any memory.
        (with_price("1e9999999"), Cause.UNREADABLE),
        (with_price("1e-9999999"), Cause.UNREADABLE),
        (with_price("-0.0e9999999"), Cause.UNREADABLE),
        (with_price("1e99999999999999999999"), Cause.UNREADABLE),
        (with_price('"1e9999999"'), Cause.UNREADABLE),
        (with_price('1, "unknown": 1e9999999'), Cause.UNREADABLE),
        (envelope_of(ENVELOPE, version=2), Cause.UNKNOWN_VERSION),
        (envelope_of(ENVELOPE, version=0), Cause.UNKNOWN_VERSION),
        (envelope_of(ENVELOPE, routing_key="trade.liquidated"), Cause.UNKNOWN_EVENT),
    ],
)
def test_what_is_no_event_is_refused_with_its_cause(body: bytes, cause: Cause) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_event(body)
    assert caught.value.cause is cause
    assert caught.value.detail


def test_a_refusal_does_not_repeat_what_was_in_the_message() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_event(envelope_of(an_event(price="hunter2")))
    assert "hunter2" not in caught.value.detail
    assert "price" in caught.value.detail
