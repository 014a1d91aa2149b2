"""What clients may come to say, and conversations to say it to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import strategies as st

from domain.errors import ErrorCode, Rejected
from domain.ports import AccessClaims
from workers.gateway.actions import Action, Send
from workers.gateway.allowances import Ceiling
from workers.gateway.protocol import Conversation
from workers.gateway.rules import Ceilings, Parties, Patience, Rules

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
CEILINGS = Ceilings(
    connection=Ceiling(connections=1, channels=4, messages_per_s=5),
    user=Ceiling(connections=3, channels=6, messages_per_s=8),
    address=Ceiling(connections=4, channels=9, messages_per_s=12),
)
TOKENS = {"ann": ("ann", 60), "ann2": ("ann", 600), "bob": ("bob", 60), "old": ("ann", -1)}


def verify(token: str) -> AccessClaims:
    if token not in TOKENS:
        raise Rejected(ErrorCode.TOKEN_INVALID, "The token is not valid.")
    user_id, lives_s = TOKENS[token]
    return AccessClaims(user_id, (), NOW + timedelta(seconds=lives_s), "id", "session")


def rules() -> Rules:
    return Rules(
        verify=verify,
        wall_clock=lambda: NOW,
        knows_symbol=lambda symbol: symbol != "GONEUSDT",
        patience=Patience(),
        ceilings=CEILINGS,
        parties=Parties(CEILINGS),
    )


def conversation(shared: Rules | None = None, address: str = "203.0.113.7") -> Conversation:
    return Conversation(0.0, address, shared or rules())


def say(talk: Conversation, now_s: float = 0.0, **message: Any) -> list[Action]:
    return talk.receive(orjson.dumps(message), now_s)


def told(actions: list[Action]) -> list[str]:
    return [orjson.loads(a.frame)["type"] for a in actions if isinstance(a, Send)]


channels = st.sampled_from(
    ["orders", "positions", "account", "signals", "BTCUSDT@ticker", "ETHUSDT@kline_1m",
     "BTCUSDT@kline_7m", "GONEUSDT@ticker", "btcusdt@ticker", "BTCUSDT@", "", "orders ", "x" * 50]
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


# Nothing that a client would say, up to sizes that no client would send.
hostile = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 40_000).map(lambda size: b"[" * size),
    st.integers(0, 40_000).map(lambda size: b'{"type":"ping","id":"' + b"x" * size + b'"}'),
    st.integers(0, 400).map(
        lambda count: orjson.dumps({"type": "subscribe", "channels": ["BTCUSDT@ticker"] * count})
    ),
)
texts = st.one_of(messages.map(as_bytes), hostile)
