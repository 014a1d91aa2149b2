"""Events as they arrive: read, checked against their model, or refused with a cause."""

from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from adapters.exact_json import is_proportionate, load
from domain.event_messages import MESSAGES, Event, Message

# Ours have a kilobyte or two. What is larger is not parsed at all.
MAX_BODY_BYTES = 262_144
_DETAIL_CHARACTERS = 500

Name = Annotated[str, Field(min_length=1, max_length=255)]


class Cause(StrEnum):
    """Why a message is a dead letter."""

    UNREADABLE = "unreadable"
    UNKNOWN_EVENT = "unknown event"
    UNKNOWN_VERSION = "unknown version"
    MISPLACED = "misplaced"
    REFUSED = "refused"
    UNFORESEEN = "unforeseen"
    KILLS_ITS_CONSUMER = "kills its consumer"


class UnreadableError(Exception):
    """A message that no consumer of this version can use.

    Args:
        cause: Which of the causes.
        detail: What is wrong with it; never what is in it.
    """

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail[:_DETAIL_CHARACTERS]


class _Envelope(BaseModel):
    """What every event looks like; see API.md, "Events on RabbitMQ"."""

    event: Name
    routing_key: Name
    data: dict[str, Any]
    timestamp: AwareDatetime
    message_id: Name
    version: int


_ADAPTERS: dict[tuple[str, int], TypeAdapter[Message]] = {
    key: TypeAdapter(model) for key, model in MESSAGES.items()
}
_ROUTING_KEYS = frozenset(routing_key for routing_key, _ in MESSAGES)


def read_event(body: bytes) -> Event:
    """Read an event.

    Raises:
        UnreadableError: It is none, of a kind or a version that we do not know, or without
            what its kind must have.
    """
    if len(body) > MAX_BODY_BYTES:
        raise UnreadableError(Cause.UNREADABLE, f"{len(body)} bytes are too many")
    try:
        envelope = _Envelope.model_validate(load(body))
    except ValidationError as error:
        raise UnreadableError(Cause.UNREADABLE, f"envelope: {_faults(error)}") from error
    except (ValueError, RecursionError) as error:
        detail = "it is not JSON, or a number in it is out of range"
        raise UnreadableError(Cause.UNREADABLE, detail) from error
    try:
        message = _adapter(envelope).validate_python(envelope.data)
    except ValidationError as error:
        detail = f"{envelope.routing_key}: {_faults(error)}"
        raise UnreadableError(Cause.UNREADABLE, detail) from error
    _refuse_disproportion(message)
    return Event(
        routing_key=envelope.routing_key,
        message_id=envelope.message_id,
        version=envelope.version,
        timestamp=envelope.timestamp,
        message=message,
        data=envelope.data,
    )


def _refuse_disproportion(message: Message) -> None:
    # A model takes numbers written as texts as well, which the JSON reader has let pass.
    for each in fields(message):
        value = getattr(message, each.name)
        if isinstance(value, Decimal) and not is_proportionate(value):
            raise UnreadableError(Cause.UNREADABLE, f"{each.name}: it is out of range")


def _adapter(envelope: _Envelope) -> TypeAdapter[Message]:
    found = _ADAPTERS.get((envelope.routing_key, envelope.version))
    if found is not None:
        return found
    if envelope.routing_key in _ROUTING_KEYS:
        detail = f"{envelope.routing_key} of version {envelope.version}"
        raise UnreadableError(Cause.UNKNOWN_VERSION, detail)
    raise UnreadableError(Cause.UNKNOWN_EVENT, envelope.routing_key)


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
