"""Lists in pages: `limit`, an opaque `cursor`, and `{"items", "next_cursor"}`."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Query

from domain.errors import ErrorCode, Rejected
from domain.paging import PagePosition

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
MAX_CURSOR_CHARACTERS = 512
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list: at most `limit` items after `position` (None: from the start)."""

    limit: int
    position: PagePosition | None

    @property
    def fetch(self) -> int:
        """How many to read from the store: one more tells whether there is a next page."""
        return self.limit + 1


async def _page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)] = None,
) -> PageRequest:
    return PageRequest(limit, None if cursor is None else decode_cursor(cursor))


PageQuery = Annotated[PageRequest, Depends(_page_request)]


def encode_cursor(position: PagePosition) -> str:
    """Write a position as text that clients hand back unread."""
    milliseconds = (position.moment - _EPOCH) // timedelta(milliseconds=1)
    text = orjson.dumps([milliseconds, position.identifier])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> PagePosition:
    """Read what `encode_cursor` wrote.

    Raises:
        Rejected: `INVALID_REQUEST`; it was made up.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        milliseconds, identifier = orjson.loads(base64.b64decode(padded, b"-_", validate=True))
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise _made_up() from error
    if not isinstance(identifier, str) or type(milliseconds) is not int:
        raise _made_up()
    return PagePosition(moment, identifier)


def _made_up() -> Rejected:
    return Rejected(
        ErrorCode.INVALID_REQUEST,
        "The request is not valid; see errors.",
        errors=[{"field": "cursor", "message": "Not a cursor of this interface."}],
    )


def page(
    found: Sequence[Item],
    request: PageRequest,
    position_of: Callable[[Item], PagePosition],
    form: Callable[[Item], Any] = lambda item: item,
) -> dict[str, Any]:
    """Make the answer from up to `request.fetch` items.

    Args:
        found: In list order, read with the store's limit set to `request.fetch`.
        request: What was asked for.
        position_of: Where an item stands in the list.
        form: How an item is shown to clients.
    """
    shown = found[: request.limit]
    more = len(found) > request.limit
    return {
        "items": [form(item) for item in shown],
        "next_cursor": encode_cursor(position_of(shown[-1])) if more else None,
    }
