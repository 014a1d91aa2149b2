"""Access tokens: ours are read, nobody else's are."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine

from adapters.tokens import ACCESS_TOKEN_TTL_S, AUDIENCE, ISSUER, AccessTokens, CachedTokens
from domain.errors import ErrorCode, Rejected
from domain.ports import AccessClaims

KEY = "a key of the tests that is long enough for every algorithm in use"
OTHER_KEY = "another key of the tests, long enough for every algorithm in use"
NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens("1", {"1": KEY})


def code_of(tokens: AccessTokens | CachedTokens, token: str) -> ErrorCode:
    with pytest.raises(Rejected) as refused:
        tokens.verify(token)
    return refused.value.code


def forged(key: str = KEY, kid: Any = "1", algorithm: str = "HS256", **changes: Any) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user_1",
        "roles": [],
        "sid": "s",
        "jti": "j",
        "iat": now,
        "nbf": now,
        "exp": now + timedelta(minutes=15),
    }
    claims.update(changes)
    claims = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def test_what_is_issued_is_read(tokens: AccessTokens) -> None:
    with time_machine.travel(NOW, tick=False):
        claims = tokens.verify(tokens.issue("user_1", ("operator",), "session"))
    assert (claims.user_id, claims.roles, claims.session_id) == ("user_1", ("operator",), "session")
    assert claims.expires_at == NOW + timedelta(minutes=15)
    assert ACCESS_TOKEN_TTL_S == 900


def test_every_token_has_its_own_id(tokens: AccessTokens) -> None:
    issued = {tokens.verify(tokens.issue("u", (), "s")).token_id for _ in range(20)}
    assert len(issued) == 20


def test_the_forgery_helper_makes_valid_tokens(tokens: AccessTokens) -> None:
    assert tokens.verify(forged()).user_id == "user_1"


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER_KEY},
        {"kid": "2"},
        {"kid": ""},
        {"algorithm": "HS384"},
        {"algorithm": "HS512"},
        {"iss": "somebody"},
        {"aud": "something"},
        {"aud": ["something", "else"]},
        {"sub": 1},
        {"roles": 1},
        {"iat": NOW + timedelta(days=3650)},
        {"nbf": NOW + timedelta(days=3650)},
        {"exp": "tomorrow"},
        {"exp": 10**30},
        *({name: ...} for name in ("iss", "aud", "sub", "exp", "iat", "nbf", "jti", "sid")),
        {"roles": ...},
    ],
    ids=str,
)
def test_a_token_that_is_not_ours_is_refused(tokens: AccessTokens, changes: dict[str, Any]) -> None:
    assert code_of(tokens, forged(**changes)) is ErrorCode.TOKEN_INVALID


def _unsigned(header: dict[str, Any]) -> str:
    claims = jwt.decode(forged(), options={"verify_signature": False})
    parts = [json.dumps(part).encode() for part in (header, claims)]
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode() + "."


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\x00",
        "x" * 100_000,
        _unsigned({"alg": "none", "kid": "1"}),
        _unsigned({"alg": "None", "kid": "1"}),
        _unsigned({"alg": "HS256", "kid": "1"}),
        _unsigned({"alg": "HS256", "kid": ["1"]}),
        _unsigned({"alg": "HS256", "kid": {"$ne": ""}}),
        _unsigned({"alg": ["HS256"], "kid": "1"}),
        _unsigned({"kid": "1"}),
    ],
    ids=lambda token: repr(token[:40]),
)
def test_what_is_no_token_is_refused(tokens: AccessTokens, token: str) -> None:
    assert code_of(tokens, token) is ErrorCode.TOKEN_INVALID
    assert code_of(CachedTokens(tokens), token) is ErrorCode.TOKEN_INVALID


def test_a_changed_token_is_refused(tokens: AccessTokens) -> None:
    header, body, signature = tokens.issue("user_1", (), "s").split(".")
    other = tokens.issue("user_2", (), "s").split(".")[1]
    assert code_of(tokens, f"{header}.{other}.{signature}") is ErrorCode.TOKEN_INVALID
    assert code_of(tokens, f"{header}.{body}.{signature[:-4]}AAAA") is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("cached", [False, True])
def test_a_token_runs_out(tokens: AccessTokens, *, cached: bool) -> None:
    verifier = CachedTokens(tokens) if cached else tokens
    with time_machine.travel(NOW, tick=False) as clock:
        token = tokens.issue("user_1", (), "s")
        verifier.verify(token)
        clock.shift(ACCESS_TOKEN_TTL_S - 1)
        verifier.verify(token)
        clock.shift(5)
        assert code_of(verifier, token) is ErrorCode.TOKEN_EXPIRED
        assert code_of(verifier, token) is ErrorCode.TOKEN_EXPIRED


def test_keys_rotate(tokens: AccessTokens) -> None:
    old = tokens.issue("user_1", (), "s")
    rotated = AccessTokens("2", {"1": KEY, "2": OTHER_KEY})
    new = rotated.issue("user_1", (), "s")
    assert rotated.verify(old).user_id == rotated.verify(new).user_id == "user_1"
    assert jwt.get_unverified_header(new)["kid"] == "2"
    finished = AccessTokens("2", {"2": OTHER_KEY})
    assert code_of(finished, old) is ErrorCode.TOKEN_INVALID


class Counting:
    """Counts what reaches the real verifier."""

    def __init__(self, verifier: AccessTokens) -> None:
        self._verifier = verifier
        self.calls = 0

    def verify(self, token: str) -> AccessClaims:
        self.calls += 1
        return self._verifier.verify(token)


def test_a_token_is_verified_once_while_it_lives(tokens: AccessTokens) -> None:
    counting = Counting(tokens)
    cached = CachedTokens(counting, capacity=3)
    issued = [tokens.issue(f"user_{n}", (), "s") for n in range(4)]
    for _ in range(3):
        assert [cached.verify(token).user_id for token in issued[:3]] == [
            "user_0", "user_1", "user_2",
        ]  # fmt: skip
    assert counting.calls == 3
    cached.verify(issued[3])
    cached.verify(issued[0])
    assert counting.calls == 5, "the first one had to leave"
    assert code_of(cached, issued[1][:-1]) is ErrorCode.TOKEN_INVALID, "part of a known token"
