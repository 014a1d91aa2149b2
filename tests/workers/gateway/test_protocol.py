"""The conversation without a wire, rule by rule."""

from typing import Any

import orjson

from domain.errors import ErrorCode
from tests.workers.gateway.saying import conversation, rules, say, told
from workers.gateway.actions import Close, Join, Send, SendPing, SendPong
from workers.gateway.frames import CloseCode


def test_a_subscription_is_all_or_nothing() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann")
    assert told(say(talk, type="subscribe", channels=["orders", "GONEUSDT@ticker"])) == ["error"]
    assert talk.channels == set()


def test_only_new_channels_are_fresh() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann")
    say(talk, type="subscribe", channels=["orders"])
    actions = say(talk, type="subscribe", channels=["orders", "account"], resume_from=5)
    assert actions == [Join("ann", ("orders", "account"), frozenset({"account"}), 5)]


def test_a_renewed_token_counts_from_its_own_expiry() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann")
    assert told(say(talk, 30.0, type="auth", token="ann2")) == ["authenticated"]
    talk.receive_pong(60.0)
    assert not any(isinstance(a, Close) for a in talk.pass_time(61.0))
    talk.receive_pong(629.0)
    end = talk.pass_time(631.0)
    assert isinstance(end[-1], Close)
    assert end[-1].code == CloseCode.UNAUTHENTICATED


def test_an_expired_renewal_leaves_the_old_token_in_force() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann")
    assert told(say(talk, type="auth", token="old")) == ["error"]
    assert talk.user_id == "ann"


def test_silence_is_asked_about_then_closed() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann2")
    assert SendPing() in talk.pass_time(20.0)
    assert SendPing() not in talk.pass_time(21.0)
    talk.receive_pong(30.0)
    assert SendPing() in talk.pass_time(50.0)
    end = talk.pass_time(70.0)
    assert isinstance(end[-1], Close)
    assert end[-1].code == CloseCode.NO_PONG


def test_malformed_messages_long_ago_are_forgotten() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann2")
    for number in range(30):
        actions = talk.receive(b"{", number * 15.0)
        assert told(actions) == ["error"]


def test_a_second_token_never_shortens() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann2")
    say(talk, type="auth", token="ann")
    talk.receive_pong(100.0)
    assert not any(isinstance(a, Close) for a in talk.pass_time(101.0))


def _end_of(actions: list[Any]) -> tuple[str, CloseCode]:
    *_, refusal, close = actions
    assert isinstance(refusal, Send)
    assert isinstance(close, Close)
    return orjson.loads(refusal.frame)["data"]["code"], close.code


TOO_MANY = (ErrorCode.RATE_LIMITED, CloseCode.TOO_MANY)


def test_too_many_connections_of_one_address() -> None:
    shared = rules()
    talks = [conversation(shared) for _ in range(4)]
    assert all(told(talk.begin(0.0)) == ["connected"] for talk in talks)
    assert _end_of(conversation(shared).begin(0.0)) == TOO_MANY
    assert told(conversation(shared, "203.0.113.8").begin(0.0)) == ["connected"]
    talks[0].leave()
    assert told(conversation(shared).begin(0.0)) == ["connected"]


def test_too_many_connections_of_one_user() -> None:
    shared = rules()
    talks = [conversation(shared, f"203.0.113.{number}") for number in range(4)]
    for talk in talks:
        talk.begin(0.0)
    for talk in talks[:3]:
        assert told(say(talk, type="auth", token="ann")) == ["authenticated"]
    assert _end_of(say(talks[3], type="auth", token="ann")) == TOO_MANY


def test_too_many_channels_of_one_user() -> None:
    shared = rules()
    first, second = conversation(shared, "a"), conversation(shared, "b")
    for talk in (first, second):
        talk.begin(0.0)
        say(talk, type="auth", token="ann")
    say(first, type="subscribe", channels=["orders", "positions", "account", "signals"])
    actions = say(second, type="subscribe", channels=["orders", "positions", "account"])
    assert _end_of(actions) == TOO_MANY
    first.leave()
    third = conversation(shared, "c")
    third.begin(0.0)
    say(third, type="auth", token="ann")
    actions = say(third, type="subscribe", channels=["orders", "positions", "account"])
    assert isinstance(actions[0], Join)


def test_too_many_messages_of_one_address() -> None:
    shared = rules()
    talks = [conversation(shared) for _ in range(4)]
    for talk in talks:
        talk.begin(0.0)
    said = [say(talk, type="ping") for talk in talks for _ in range(5)]
    assert [told(actions) for actions in said] == [["pong"]] * 20
    assert _end_of(say(talks[0], type="ping")) == TOO_MANY
    assert told(say(talks[1], 1.0, type="ping")) == ["pong"]


def test_coming_back_does_not_refill_a_bucket() -> None:
    shared = rules()
    for _ in range(24):
        talk = conversation(shared)
        talk.begin(0.0)
        talk.leave()
        shared.parties.forget(0.0)
    assert _end_of(conversation(shared).begin(0.0)) == TOO_MANY
    shared.parties.forget(10.0)
    assert not len(shared.parties.addresses)
    assert told(conversation(shared).begin(10.0)) == ["connected"]


def test_pings_pongs_and_fragments_count_as_messages() -> None:
    for take in ("receive_ping", "receive_pong", "receive_fragment"):
        talk = conversation()
        more = (b"x",) if take == "receive_ping" else ()
        answers = [getattr(talk, take)(*more, 0.0) for _ in range(10)]
        assert all(actions in ([], [SendPong(b"x")]) for actions in answers)
        assert _end_of(getattr(talk, take)(*more, 0.0)) == TOO_MANY


def test_timeframes_are_those_of_the_venue() -> None:
    talk = conversation()
    say(talk, type="auth", token="ann2")
    for moment, timeframe in enumerate(("1s", "1m", "3d", "1w", "1M")):
        channel = f"BTCUSDT@kline_{timeframe}"
        assert isinstance(say(talk, moment, type="subscribe", channels=[channel])[0], Join)
        say(talk, moment, type="unsubscribe", channels=[channel])
    for moment, timeframe in enumerate(("7m", "1y", "60m", "", "1m "), start=10):
        channel = f"BTCUSDT@kline_{timeframe}"
        actions = say(talk, moment, type="subscribe", channels=["orders", channel])
        assert told(actions) == ["error"]
    assert talk.channels == set()
