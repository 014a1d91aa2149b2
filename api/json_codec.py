"""JSON at the edge: numbers exact in both directions, and nothing ambiguous let in."""

import json
from decimal import Decimal
from typing import Any, TypeVar, cast

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.status import HTTP_400_BAD_REQUEST

from adapters.exact_json import dump

# An order has a depth of 2, candles sent for an analysis 3.
MAX_DEPTH = 16
# Decimal128 keeps 34 digits; no price, quantity or balance needs more, and a short text
# with a huge exponent would become gigabytes of zeros when written out.
MAX_NUMBER_CHARACTERS = 40
MAX_NUMBER_EXPONENT = 30

Model = TypeVar("Model", bound=BaseModel)


class MalformedBody(HTTPException):
    """The body is not the JSON that RFC 8259 and I-JSON (RFC 7493) allow; answered with 400."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTP_400_BAD_REQUEST, detail)


def decode(body: bytes) -> Any:
    """Parse a request body; fractional numbers become Decimal, digit by digit.

    Raises:
        MalformedBody: It is not UTF-8 or not JSON, names a member twice, nests too deeply,
            or holds NaN, Infinity, a number out of all proportion, or half a surrogate pair.
    """
    try:
        text = body.decode("utf-8")
        document = _DECODER.decode(text)
        if "\\u" in text:
            # Escapes may spell half a surrogate pair, which no store can encode.
            json.dumps(document, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeError as error:
        raise MalformedBody("The body is not valid UTF-8.") from error
    except RecursionError as error:
        raise MalformedBody("The body nests too deeply.") from error
    except ValueError as error:
        raise MalformedBody(_reason(error)) from error
    # Counting brackets is free; only a body that has many can be deep.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(document) > MAX_DEPTH:
        raise MalformedBody("The body nests too deeply.")
    return document


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"The body is not JSON: {error.msg} at character {error.pos}."
    return f"The body is not JSON: {error}."


def _depth(document: Any) -> int:
    deepest, open_parts = 0, [(document, 1)]
    while open_parts:
        part, level = open_parts.pop()
        if isinstance(part, (dict, list)):
            deepest = max(deepest, level)
            children = part.values() if isinstance(part, dict) else part
            open_parts.extend((child, level + 1) for child in children)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _fraction(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise ValueError("a number has too many digits")
    number = Decimal(text)
    exponent = cast("int", number.as_tuple().exponent)
    if max(abs(number.adjusted()), abs(exponent)) > MAX_NUMBER_EXPONENT:
        raise ValueError("a number is out of range")
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise ValueError("a number has too many digits")
    return int(text)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(
    parse_float=_fraction,
    parse_int=_integer,
    parse_constant=_constant,
    object_pairs_hook=_unique,
)


class ExactRequest(Request):
    """A request whose `json()` keeps numbers exact."""

    async def json(self) -> Any:
        """Parse the body once.

        Raises:
            MalformedBody: See `decode`.
        """
        if not hasattr(self, "_json"):
            self._json = decode(await self.body())
        return self._json


class ExactJSONResponse(Response):
    """Decimals as exact numbers, times as ISO-8601 UTC with milliseconds and `Z`."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Serialise dataclasses, mappings, lists and pydantic models."""
        return dump(content.model_dump() if isinstance(content, BaseModel) else content)


def answer(
    content: Any, status_code: int = 200, headers: dict[str, str] | None = None
) -> ExactJSONResponse:
    """Answer with JSON; routes return this, and name the shape in `response_model`."""
    return ExactJSONResponse(content, status_code, headers)
