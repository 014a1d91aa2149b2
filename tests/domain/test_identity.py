"""People, passwords, sign-ins."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, Rejected
from domain.identity import (
    PASSWORD_MAX_BYTES,
    RefreshVerdict,
    SignIn,
    canonical_email,
    canonical_password,
    check_new_password,
    judge_refresh,
)

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)


LOCAL_PARTS = st.text("aAbBzZ0.+-_éÉﬁ", min_size=1, max_size=20)


@given(LOCAL_PARTS)
def test_an_address_has_one_spelling(local_part: str) -> None:
    canonical = canonical_email(local_part, "Example.COM")
    spellings = {local_part.upper(), local_part.lower(), unicodedata.normalize("NFD", local_part)}
    assert {canonical_email(spelling, "EXAMPLE.com") for spelling in spellings} == {canonical}
    assert canonical.endswith("@example.com")


@given(st.text(max_size=40))
def test_a_password_is_the_same_however_it_was_composed(password: str) -> None:
    composed = unicodedata.normalize("NFC", password)
    decomposed = unicodedata.normalize("NFD", password)
    assert canonical_password(composed) == canonical_password(decomposed)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "seven77",
        "       ",
        "password",
        "PassWord1",
        "aaaaaaaaaa",
        "somebody@example.com",
        "SOMEBODY",
        "ﬁﬁﬁ",  # six letters once the ligatures are taken apart
        "x1" * (PASSWORD_MAX_BYTES // 2) + "y",
        "é1" * 400,
    ],
)
def test_a_weak_password_is_refused_where_it_was_sent(password: str) -> None:
    with pytest.raises(Rejected) as refused:
        check_new_password(password, "somebody@example.com", "new_password")
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert [e["field"] for e in refused.value.extensions["errors"]] == ["new_password"]


@pytest.mark.parametrize(
    "password",
    [
        "tremendous-7",
        "correct horse battery staple",
        "пароль-длинный",
        "🐎🔋🐎🔋🐎🔋🐎1",
        "x1" * 500,
    ],
)
def test_a_decent_password_is_taken(password: str) -> None:
    check_new_password(password, "somebody@example.com", "password")


HASHES = st.sampled_from([b"current", b"earlier"])


@given(
    presented=HASHES,
    expires=st.integers(-2, 2),
    revoked=st.none() | st.just(NOW),
    reused=st.booleans(),
)
def test_only_the_current_token_of_a_living_sign_in_is_worth_something(
    presented: bytes, expires: int, revoked: datetime | None, *, reused: bool
) -> None:
    sign_in = SignIn("s", "u", b"current", NOW + timedelta(seconds=expires), revoked, reused)
    verdict = judge_refresh(sign_in, presented, NOW)
    is_good = presented == b"current" and expires > 0 and revoked is None and not reused
    assert (verdict is RefreshVerdict.CURRENT) == is_good
    if presented == b"earlier":
        assert verdict is RefreshVerdict.REUSED, "a copy is about, whatever else is true"


def test_whose_sign_in_ended_is_not_told_of_a_thief() -> None:
    sign_in = SignIn("s", "u", b"current", NOW + timedelta(days=1), revoked_at=NOW)
    assert judge_refresh(sign_in, b"current", NOW) is RefreshVerdict.REVOKED
    expired = SignIn("s", "u", b"current", NOW)
    assert judge_refresh(expired, b"current", NOW) is RefreshVerdict.EXPIRED
