"""Refresh tokens, taken apart and put together."""

import secrets

import pytest

from adapters.refresh_tokens import new_refresh_token, parse_refresh_token


def test_a_token_is_read_as_it_was_written() -> None:
    token = new_refresh_token()
    assert parse_refresh_token(token.text) == token
    assert len(token.secret) == 32


def test_a_successor_belongs_to_the_same_sign_in() -> None:
    token = new_refresh_token()
    successor = token.successor()
    assert successor.session_id == token.session_id
    assert successor.digest != token.digest
    assert successor.text != token.text
    assert new_refresh_token().session_id != token.session_id


def test_what_is_stored_does_not_give_the_token_away() -> None:
    token = new_refresh_token()
    stored = token.digest + token.session_id.encode() + bytes.fromhex(token.session_id)
    assert token.family not in stored
    assert token.secret not in stored
    assert "RefreshToken(***)" in repr({"token": token})


@pytest.mark.parametrize("length", [0, 1, 63, 65, 1_000])
def test_another_length_is_no_token(length: int) -> None:
    assert parse_refresh_token("A" * length) is None


@pytest.mark.parametrize("text", ["é" * 64, "+" * 64, "=" * 64, "\x00" * 64, " " * 64])
def test_other_characters_are_no_token(text: str) -> None:
    assert parse_refresh_token(text) is None


def test_random_text_is_somebody_unknown() -> None:
    assert parse_refresh_token(secrets.token_urlsafe(48)) is not None
