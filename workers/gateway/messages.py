"""What clients may say and which channels there are; see API.md, "WebSocket: /ws"."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.candles import Timeframe
from domain.events import PRIVATE_CHANNELS

MAX_MESSAGE_BYTES = 16 * 1024
MAX_TOKEN_CHARACTERS = 4_096
MAX_ID_CHARACTERS = 64
# One message can name at most what one connection may hold; a few more to be told so by
# a close code instead of a parse error.
MAX_CHANNELS_A_MESSAGE = 256

_TIMEFRAMES = "|".join(Timeframe)
_MARKET_CHANNEL = re.compile(rf"([A-Z0-9]{{2,20}})@(?:ticker|kline_({_TIMEFRAMES}))")

Token: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_CHARACTERS)]
ChannelName: TypeAlias = Annotated[str, Field(min_length=1, max_length=40)]
ChannelNames: TypeAlias = Annotated[
    list[ChannelName], Field(min_length=1, max_length=MAX_CHANNELS_A_MESSAGE)
]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Auth(_Message):
    """Says who this connection is; again, before the token runs out, to go on."""

    type: Literal["auth"]
    token: Token


class Subscribe(_Message):
    """Asks for channels; `resume_from` is the last private sequence that was received."""

    type: Literal["subscribe"]
    channels: ChannelNames
    auth_token: Token | None = None
    resume_from: Annotated[int, Field(ge=0, le=2**53)] | None = None


class Unsubscribe(_Message):
    """Gives channels up."""

    type: Literal["unsubscribe"]
    channels: ChannelNames


class Ping(_Message):
    """Asks for a `pong` with the same id."""

    type: Literal["ping"]
    id: Annotated[str, Field(max_length=MAX_ID_CHARACTERS)] | int | None = None


ClientMessage: TypeAlias = Auth | Subscribe | Unsubscribe | Ping

_ADAPTER: TypeAdapter[ClientMessage] = TypeAdapter(
    Annotated[ClientMessage, Field(discriminator="type")]
)


def parse_message(payload: bytes) -> ClientMessage:
    """Read one client message.

    Raises:
        ValueError: It is not one (pydantic's error is one, too).
    """
    return _ADAPTER.validate_json(payload)


def is_private(channel: str) -> bool:
    """Tell whether a channel carries one user's events."""
    return channel in PRIVATE_CHANNELS


@dataclass(frozen=True, slots=True)
class MarketChannel:
    """A public channel: the candles of a timeframe, or the ticker where there is none."""

    symbol: str
    timeframe: Timeframe | None


def market_channel(channel: str) -> MarketChannel | None:
    """Read the name of a public channel; None where it is not well-formed."""
    found = _MARKET_CHANNEL.fullmatch(channel)
    if found is None:
        return None
    symbol, timeframe = found.groups()
    return MarketChannel(symbol, None if timeframe is None else Timeframe(timeframe))
