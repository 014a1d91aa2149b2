"""What a record of an activity may hold."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from domain.activity import (
    MAX_USER_AGENT_CHARACTERS,
    Activity,
    ActivityKind,
    Origin,
    activity_record,
    printable_user_agent,
)


@given(header=st.binary(max_size=2_000))
@example(header="é".encode() * 1_000)
@example(header=b"curl/8\r\nX-Forged: yes\x1b[31m")
def test_a_user_agent_is_short_and_printable(header: bytes) -> None:
    text = printable_user_agent(header)
    assert len(text) <= MAX_USER_AGENT_CHARACTERS
    assert text.isprintable()


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=256))
def test_an_honest_user_agent_stays_as_it_is(text: str) -> None:
    assert printable_user_agent(text.encode()) == text


def test_a_record_is_all_that_is_known() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    origin = Origin("10.0.0.1", "browser", "request")
    activity = Activity("a", ActivityKind.SIGNED_IN, "user_1", now, origin, {"session_id": "s"})
    assert activity_record(activity) == {
        "activity_id": "a",
        "kind": "signed_in",
        "user_id": "user_1",
        "timestamp": now,
        "address": "10.0.0.1",
        "user_agent": "browser",
        "request_id": "request",
        "details": {"session_id": "s"},
    }
