from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_messages import Event, SignalGenerated, SignedIn, TradeMessage
from domain.notification_events import DEFAULT_EVENTS, EVENTS, PAPER, SECURITY_EVENTS, TEST
from domain.notification_texts import Text
from domain.notification_times import EveryMinutes, QuietHours, is_quiet
from domain.notifications import (
    FAILURES_IN_A_ROW,
    Attempt,
    Notification,
    Preferences,
    Reaction,
    Target,
    TargetKind,
    admitted,
    digest_text,
    gives_up,
    is_listed,
    is_quieter,
    next_attempt_at,
    notifications_of,
    overflow_until,
    planned,
)
from tests.domain.test_notification_texts import ASKED, EXAMPLES

NOW = datetime(2026, 1, 2, 23, tzinfo=UTC)
NIGHTS = QuietHours(time(22), time(7), ZoneInfo("UTC"))


def target(name: str, *events: str, enabled: bool = True) -> Target:
    return Target(name, TargetKind.WEBHOOK, enabled, frozenset(events) or None, 30)


def told(name: str) -> Notification:
    return Notification("n", "ann", name, Text("", "", ""), NOW)


def test_one_event_is_told_once_to_each_of_its_users() -> None:
    analysis = next(each for each, _, _ in EXAMPLES if isinstance(each, SignalGenerated))
    event = Event("ai.signal.generated", "m1", 1, NOW, analysis, {**ASKED, "symbol": "BTCUSDT"})
    first, again = notifications_of(event), notifications_of(event)
    assert [each.user_id for each in first] == ["ann", "bob"]
    assert [each.notification_id for each in first] == [each.notification_id for each in again]
    assert len({each.notification_id for each in first}) == 2
    # Who else has asked stays between them and us.
    assert [each.details["user_id"] for each in first] == ["ann", "bob"]
    assert all("user_ids" not in each.details for each in first)


def test_paper_has_names_of_its_own() -> None:
    for message, _, _ in EXAMPLES:
        event = Event("trade.executed", "m", 1, NOW, message, {})
        (name,) = {each.event for each in notifications_of(event)}
        on_paper = isinstance(message, TradeMessage) and message.session_id is not None
        assert name.startswith(PAPER) == on_paper
    assert not any(name.startswith(PAPER) for name in DEFAULT_EVENTS)
    assert len(set(EVENTS)) == len(EVENTS)


def test_events_are_chosen_by_user_and_by_target() -> None:
    wanted = Preferences(
        events=frozenset({"trade.executed", "trade.failed"}),
        targets=(target("all"), target("one", "trade.failed"), target("off", enabled=False)),
    )
    sent = {name: [each.target_id for each in planned(wanted, told(name), NOW)] for name in EVENTS}
    assert sent.pop("trade.executed") == ["all"]
    assert sent.pop("trade.failed") == ["all", "one"]
    # Nobody can choose not to be warned, least of all whoever has got in.
    assert all(sent.pop(name) == ["all", "one"] for name in SECURITY_EVENTS)
    assert not any(sent.values())
    assert {name for name in EVENTS if is_listed(wanted, name)} == {
        *wanted.events,
        *SECURITY_EVENTS,
    }


def test_what_is_urgent_wakes_people_up() -> None:
    wanted = Preferences(targets=(target("t"),), quiet_hours=NIGHTS)
    (trade,) = planned(wanted, told("trade.executed"), NOW)
    assert (trade.is_held, trade.due_at) == (True, datetime(2026, 1, 3, 7, tzinfo=UTC))
    for name in SECURITY_EVENTS:
        (alarm,) = planned(wanted, told(name), NOW)
        assert (alarm.is_held, alarm.due_at) == (False, NOW)
    assert not planned(wanted, told(TEST), NOW)


def test_what_is_too_much_waits_for_the_digest() -> None:
    assert overflow_until(Preferences(), NOW) == NOW + timedelta(minutes=5)
    hourly = Preferences(digest=EveryMinutes(60))
    assert overflow_until(hourly, NOW) == NOW + timedelta(hours=1)
    quiet = overflow_until(Preferences(quiet_hours=NIGHTS), NOW)
    assert not is_quiet(NIGHTS, quiet)


@given(
    st.sampled_from(Reaction),
    st.integers(1, 5),
    st.floats(0, 1e9, allow_nan=False),
)
def test_three_attempts_and_the_document_s_waits(
    reaction: Reaction, attempts: int, asked_s: float
) -> None:
    again = next_attempt_at(Attempt(reaction, "", asked_s), attempts, NOW)
    if reaction is not Reaction.PASSING or attempts >= 3:
        assert again is None
    else:
        assert again is not None
        waits_s = (again - NOW).total_seconds()
        assert waits_s >= attempts
        assert waits_s == pytest.approx(max(attempts, min(asked_s, 3_600)))


@given(st.lists(st.sampled_from("abc")), st.dictionaries(st.sampled_from("abc"), st.integers(0, 6)))
def test_nobody_takes_every_sender(waiting: list[str], busy: dict[str, int]) -> None:
    begun = admitted(waiting, busy, 4)
    for user in "abc":
        taken = sum(1 for place in begun if waiting[place] == user)
        assert taken == min(waiting.count(user), max(0, 4 - busy.get(user, 0)))
    assert sorted(begun) == list(begun)


@given(st.sampled_from(Reaction), st.integers(1, 100))
def test_targets_are_given_up(reaction: Reaction, failures: int) -> None:
    gone = reaction is Reaction.GONE
    assert gives_up(Attempt(reaction), failures) == (gone or failures >= FAILURES_IN_A_ROW)


def test_digests_count_what_they_do_not_name() -> None:
    assert digest_text(["a: b"], 1) == ("1 notification", "a: b")
    assert digest_text(["a", "b"], 7) == ("7 notifications", "a\nb\nand 5 more")


def test_alarms_are_told_whatever_was_chosen() -> None:
    targets = (target("t"), target("u", "trade.failed"), target("off", enabled=False))
    nothing = Preferences(events=frozenset(), targets=targets)
    message = SignedIn(user_id="ann", activity_id="x")
    (alarm,) = notifications_of(Event("security.sign_in", "m", 1, NOW, message, {}))
    assert is_listed(nothing, alarm.event)
    assert [each.target_id for each in planned(nothing, alarm, NOW)] == ["t", "u"]


def test_what_an_intruder_would_change_is_noticed() -> None:
    before = Preferences(targets=(target("t"), target("off", enabled=False)))
    fewer = before.events - {"trade.failed"}
    assert not is_quieter(before, before)
    assert is_quieter(before, replace(before, events=fewer))
    assert not is_quieter(replace(before, events=fewer), before)
    assert is_quieter(before, replace(before, targets=(target("t", "trade.failed"),)))
    assert is_quieter(before, replace(before, targets=(target("t", enabled=False),)))
    assert not is_quieter(before, replace(before, targets=(target("t"), target("new"))))
    # What nobody was told anyway is nobody's loss.
    assert not is_quieter(before, replace(before, targets=(target("t"), target("off", "x"))))
    narrow = replace(before, targets=(target("t", "trade.executed"),))
    assert not is_quieter(narrow, replace(narrow, events=fewer))
