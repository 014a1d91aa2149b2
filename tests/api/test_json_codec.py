"""Numbers are exact in both directions, and nothing ambiguous gets in."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.json_codec import MAX_DEPTH, MalformedBody, answer, decode

PRICES = st.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=8, allow_nan=False
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@given(PRICES)
def test_a_number_survives_the_way_out_and_in_again(price: Decimal) -> None:
    body = bytes(answer({"price": price}).body)
    assert decode(body) == {"price": price}
    assert b'"' not in body.partition(b":")[2], "a number, not a string"
    assert b"E" not in body.upper().partition(b":")[2], "no exponent"


@given(VALUES)
def test_what_python_writes_is_read_as_it_was(value: Any) -> None:
    assert decode(json.dumps(value).encode()) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.1", Decimal("0.1")),
        ("45123.4500", Decimal("45123.4500")),
        ("1e-8", Decimal("0.00000001")),
        ("0.30000000000000000000000000001", Decimal("0.30000000000000000000000000001")),
        ("9007199254740993", 9_007_199_254_740_993),
    ],
)
def test_digits_are_kept(text: str, exact: Decimal) -> None:
    assert decode(text.encode()) == exact


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1}{"a":1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1,"a":2}',
        b'{"b":{"a":1,"a":2}}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":1e999999999}',
        b'{"a":1e-999999999}',
        b'{"a":0e999999999}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":0.' + b"1" * 5_000 + b"}",
        b'{"a":"\x00"}',
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody) as refused:
        decode(body)
    assert refused.value.status_code == 400


def test_a_wide_body_is_not_a_deep_one() -> None:
    assert len(decode(b"[" + b",".join([b'{"a":[1]}'] * 500) + b"]")) == 500


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        decode(body)
    except MalformedBody:
        return


def test_a_time_has_milliseconds_and_a_z() -> None:
    at = datetime(2025, 10, 10, 12, 0, 0, 123_999, tzinfo=UTC)
    assert answer({"at": at}).body == b'{"at":"2025-10-10T12:00:00.123Z"}'
