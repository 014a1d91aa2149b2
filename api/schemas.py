"""What every request and answer model is made of."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

Item = TypeVar("Item")


def _number(value: Any) -> Any:
    # `bool` is an `int` to Python, and true is not a price.
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("must be an ISO-8601 time") from error
    return value


# An exact JSON number, in requests and answers alike.
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": "number"})]

# A time with its zone, as ISO-8601 text.
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class RequestModel(BaseModel):
    """A request body: unknown members are refused, and nothing is converted.

    A string is not a number, a number is not a string, true is not 1. Use `Number` for
    prices and quantities, `Moment` for times, and `Literal[…]` for choices.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AnswerModel(BaseModel):
    """The documented shape of an answer."""

    model_config = ConfigDict(frozen=True)


class Page(AnswerModel, Generic[Item]):
    """A part of a list; `next_cursor` asks for the part after it, null where there is none."""

    items: list[Item]
    next_cursor: str | None


class FieldError(AnswerModel):
    """What is wrong with one field, named by its path, such as `candles.3.open`."""

    field: str
    message: str


class Problem(AnswerModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] | None = None
    limit_type: str | None = None
    current_value: Number | None = None
    limit_value: Number | None = None
    retry_after_s: Number | None = None
