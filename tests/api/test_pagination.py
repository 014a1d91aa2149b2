"""Pages."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mongo_paging import older_than
from api.pagination import PageRequest, decode_cursor, encode_cursor, page
from domain.errors import ErrorCode, Rejected
from domain.paging import PagePosition

START = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(-(10**12), 10**13).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)


@given(MOMENTS, st.text(st.characters(exclude_categories=["Cs"]), max_size=64))
def test_a_cursor_is_read_as_it_was_written(moment: datetime, identifier: str) -> None:
    position = PagePosition(moment, identifier)
    assert decode_cursor(encode_cursor(position)) == position


def _coded(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "ä",
        "!!!!",
        _coded(1),
        _coded([]),
        _coded([1]),
        _coded([1, 2]),
        _coded(["a", "b"]),
        _coded([1.5, "b"]),
        _coded([True, "b"]),
        _coded([10**18, "b"]),
        _coded([{"$gt": 0}, "b"]),
        _coded([1, {"$gt": ""}]),
        _coded({"a": 1, "b": 2}),
    ],
)
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Rejected) as refused:
        decode_cursor(cursor)
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    assert refused.value.extensions["errors"][0]["field"] == "cursor"


def _position(number: int) -> PagePosition:
    return PagePosition(START + timedelta(milliseconds=number), str(number))


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 25])
def test_pages_show_every_item_once(total: int) -> None:
    everything = list(range(total, 0, -1))
    seen: list[int] = []
    request = PageRequest(limit=10, position=None)
    while True:
        after = request.position
        rest = [n for n in everything if after is None or n < int(after.identifier)]
        answer = page(rest[: request.fetch], request, _position)
        seen += answer["items"]
        assert len(answer["items"]) <= 10
        if answer["next_cursor"] is None:
            break
        assert answer["items"], "there is never an empty page before the end"
        request = PageRequest(limit=10, position=decode_cursor(answer["next_cursor"]))
    assert seen == everything


def test_the_first_page_has_no_condition() -> None:
    assert older_than(None, "created_at") == {}
    assert "$or" in older_than(_position(1), "created_at")
