"""Whatever comes in, in whatever order, from however many clients: no rule is broken."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.gateway.saying import CEILINGS, conversation, rules, texts
from workers.gateway.actions import Action, Close, Join, Leave, Send
from workers.gateway.frames import CloseCode
from workers.gateway.rules import Rules

steps = st.one_of(
    st.tuples(st.just("text"), texts),
    st.tuples(st.sampled_from(["binary", "fragment", "ping", "pong", "restart"]), st.just(b"")),
    st.tuples(st.just("time"), st.integers(0, 30)),
    st.tuples(st.just("leave"), st.just(b"")),
)


class Watcher:
    """Holds what one client may expect against what the machine decides."""

    def __init__(self, shared: Rules, address: str) -> None:
        self.talk = conversation(shared, address)
        self.closed = False
        self.gone = False
        self.user: str | None = None
        self.channels: set[str] = set()
        self.check(self.talk.begin(0.0))
        self.is_counted = not self.closed

    def step(self, kind: str, value: bytes, now_s: float) -> None:
        match kind:
            case "text":
                self.check(self.talk.receive(value, now_s))
            case "binary":
                self.check(self.talk.receive_unreadable("binary", now_s))
            case "fragment":
                self.check(self.talk.receive_fragment(now_s))
            case "ping":
                self.check(self.talk.receive_ping(b"", now_s))
            case "pong":
                self.check(self.talk.receive_pong(now_s))
            case "restart":
                self.check(self.talk.end(CloseCode.SERVICE_RESTART, "the server restarts"))
            case "leave" if not self.gone:
                self.talk.leave()
                self.gone = self.closed = True

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
                case Leave(channels=left):
                    assert self.channels.issuperset(left)
                    self.channels.difference_update(left)
                case Close(code=code):
                    assert code in set(CloseCode)
                    self.closed = True
                case _:
                    pass

    def check_frame(self, frame: dict[str, Any]) -> None:
        assert set(frame) == {"type", "data", "timestamp"}
        if frame["type"] == "authenticated":
            assert self.user in {None, frame["data"]["user_id"]}, "changed hands"
            self.user = frame["data"]["user_id"]


def _check_ceilings(watchers: list[Watcher]) -> None:
    present = [w for w in watchers if w.is_counted and not w.gone]
    for watcher in present:
        assert watcher.talk.channels == watcher.channels
        assert len(watcher.channels) <= CEILINGS.connection.channels
    assert len(present) <= CEILINGS.address.connections
    assert sum(len(w.channels) for w in present) <= CEILINGS.address.channels
    for user in ("ann", "bob"):
        theirs = [w for w in present if w.user == user]
        assert len(theirs) <= CEILINGS.user.connections
        assert sum(len(w.channels) for w in theirs) <= CEILINGS.user.channels


@given(st.lists(st.tuples(st.integers(0, 5), steps), max_size=60))
def test_no_crash_and_nothing_to_whom_it_is_not_due(
    taken: list[tuple[int, tuple[str, Any]]],
) -> None:
    shared = rules()
    watchers = [Watcher(shared, "203.0.113.7") for _ in range(6)]
    now_s = 0.0
    for number, (kind, value) in taken:
        if kind == "time":
            now_s += value
            shared.parties.forget(now_s)
            for watcher in watchers:
                watcher.check(watcher.talk.pass_time(now_s))
        else:
            watchers[number].step(kind, value, now_s)
        _check_ceilings(watchers)
    for watcher in watchers:
        watcher.step("leave", b"", now_s)
    shared.parties.forget(now_s + 60)
    assert not len(shared.parties.users)
    assert not len(shared.parties.addresses)
