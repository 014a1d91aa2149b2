"""The conversation without a wire: whatever comes in, no rule is broken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, Rejected
from domain.ports import AccessClaims
from workers.gateway.frames import CloseCode
from workers.gateway.protocol import (
    Action,
    Close,
    Conversation,
    Join,
    Leave,
    Limits,
    Send,
    SendPing,
)

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
LIMITS = Limits(channels=4, message_burst=10, messages_per_s=5)
TOKENS = {"ann": ("ann", 60), "ann2": ("ann", 600), "bob": ("bob", 60), "old": ("ann", -1)}


def verify(token: str) -> AccessClaims:
    if token not in TOKENS:
        raise Rejected(ErrorCode.TOKEN_INVALID, "The token is not valid.")
    user_id, lives_s = TOKENS[token]
    return AccessClaims(user_id, (), NOW + timedelta(seconds=lives_s), "id", "session")


def conversation() -> Conversation:
    return Conversation(
        0.0,
        verify=verify,
        wall_clock=lambda: NOW,
        knows_symbol=lambda symbol: symbol != "GONEUSDT",
        limits=LIMITS,
    )


def say(talk: Conversation, now_s: float = 0.0, **message: Any) -> list[Action]:
    return talk.receive(orjson.dumps(message), now_s)


def told(actions: list[Action]) -> list[str]:
    return [orjson.loads(a.frame)["type"] for a in actions if isinstance(a, Send)]


channels = st.sampled_from(
    ["orders", "positions", "account", "signals", "BTCUSDT@ticker", "ETHUSDT@kline_1m",
     "GONEUSDT@ticker", "btcusdt@ticker", "BTCUSDT@", "", "orders ", "x" * 50]
)  # fmt: skip
tokens = st.sampled_from([*TOKENS, "forged", "", "\ud800"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
messages = st.one_of(
    st.fixed_dictionaries({"type": st.just("auth"), "token": tokens}),
    st.fixed_dictionaries(
        {"type": st.just("subscribe"), "channels": st.lists(channels, max_size=5)},
        optional={"auth_token": tokens, "resume_from": st.integers(-1, 2**60)},
    ),
    st.fixed_dictionaries({"type": st.just("unsubscribe"), "channels": st.lists(channels)}),
    st.fixed_dictionaries({"type": st.just("ping")}, optional={"id": anything}),
    anything,
)


def as_bytes(message: Any) -> bytes:
    try:
        return orjson.dumps(message)
    except TypeError:
        return repr(message).encode("utf-8", "replace")


steps = st.one_of(
    st.tuples(st.just("text"), messages.map(as_bytes)),
    st.tuples(st.just("text"), st.binary(max_size=40)),
    st.tuples(st.just("binary"), st.just(b"")),
    st.tuples(st.just("pong"), st.just(b"")),
    st.tuples(st.just("time"), st.floats(0, 30).map(lambda s: str(s).encode())),
    st.tuples(st.just("restart"), st.just(b"")),
)


class Watcher:
    """Holds what a client may expect against what the machine decides."""

    def __init__(self) -> None:
        self.talk = conversation()
        self.now_s = 0.0
        self.closed = False
        self.user: str | None = None
        self.channels: set[str] = set()
        self.check(self.talk.begin())

    def step(self, kind: str, value: bytes) -> None:
        match kind:
            case "text":
                self.check(self.talk.receive(value, self.now_s))
            case "binary":
                self.check(self.talk.receive_unreadable("binary", self.now_s))
            case "pong":
                self.talk.receive_pong(self.now_s)
            case "time":
                self.now_s += float(value)
                self.check(self.talk.pass_time(self.now_s))
            case "restart":
                self.check(self.talk.end(CloseCode.SERVICE_RESTART, "the server restarts"))

    def check(self, actions: list[Action]) -> None:
        assert not (self.closed and actions), "something follows a close"
        for action in actions:
            assert not self.closed
            match action:
                case Send(frame=frame):
                    self.check_frame(orjson.loads(frame))
                case Join():
                    assert self.user is not None, "joined without a user"
                    assert action.user_id == self.user
                    assert action.fresh == set(action.channels) - self.channels
                    self.channels.update(action.channels)
                    assert len(self.channels) <= LIMITS.channels
                case Leave(channels=left):
                    assert self.channels.issuperset(left)
                    self.channels.difference_update(left)
                case Close(code=code):
                    assert code in set(CloseCode)
                    self.closed = True
                case SendPing():
                    pass

    def check_frame(self, frame: dict[str, Any]) -> None:
        assert set(frame) == {"type", "data", "timestamp"}
        if frame["type"] == "authenticated":
            assert self.user in {None, frame["data"]["user_id"]}, "changed hands"
            self.user = frame["data"]["user_id"]


@given(st.lists(steps, max_size=40))
def test_no_crash_and_nothing_to_whom_it_is_not_due(taken: list[tuple[str, bytes]]) -> None:
    watcher = Watcher()
    for kind, value in taken:
        watcher.step(kind, value)
    assert watcher.talk.channels == watcher.channels


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
