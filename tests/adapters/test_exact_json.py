import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.exact_json import dump, load, time_text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_decimal_survives_digit_by_digit(value: Decimal) -> None:
    text = dump({"value": value}).decode()
    read = json.loads(text, parse_float=Decimal, parse_int=Decimal)["value"]
    assert read == value
    assert "e" not in text.removeprefix('{"value"').lower()


@pytest.mark.parametrize(
    ("value", "text"),
    [("45000.00", "45000"), ("0.00100", "0.001"), ("1E+3", "1000"), ("-0.00", "0"), ("100", "100")],
)
def test_numbers_read_as_people_write_them(value: str, text: str) -> None:
    assert dump(Decimal(value)) == text.encode()


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), datetime(2025, 1, 1), {1}])  # noqa: DTZ001 - the missing zone is the point
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dump(value)


def test_times_are_utc_with_milliseconds() -> None:
    east = timezone(timedelta(hours=2))
    assert time_text(datetime(2025, 10, 10, 14, 0, 0, 123_999, tzinfo=east)) == (
        "2025-10-10T12:00:00.123Z"
    )
    assert dump(datetime(2025, 10, 10, 12, tzinfo=UTC)) == b'"2025-10-10T12:00:00.000Z"'


@pytest.mark.parametrize(
    "text",
    [b"NaN", b"[Infinity]", b"{", b"", b"\xff", b"1e9999999", b"1e-101", b"1e99999999999999"],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        load(text)
