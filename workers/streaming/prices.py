"""Live prices as a state machine without I/O: messages in, writes that are due out.

Messages: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
(`<symbol>@bookTicker`, `<symbol>@ticker`, combined). Moments are monotonic seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from adapters.exact_json import decimal_text, dump
from adapters.redis_quotes import Tick, quote_document
from domain.market import Quote

# At most this often a symbol is written and broadcast…
WRITE_EVERY_S = 0.1
# …and at least this often it is renewed, well within the second that a price lives.
RENEW_EVERY_S = 0.4
# …but only while the feed says anything at all: a price that nobody confirms must expire.
ALIVE_FOR_S = 1.0

EPOCH = datetime.fromtimestamp(0, UTC)


class InvalidMessageError(ValueError):
    """A message that is dropped; `kind` says why, in one of a few words."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def channel_of_symbol(symbol: str) -> str:
    """Return the WebSocket channel of a symbol's price."""
    return f"{symbol}@ticker"


@dataclass(frozen=True, slots=True)
class _Summary:
    price: Decimal
    volume_24h: Decimal
    change_24h: Decimal


@dataclass(slots=True)
class _Symbol:
    """What is known of one symbol.

    `sides` are the best bid and ask, None while the book has not both. `book_id` and
    `event_ms` are the venue's, and never fall: what comes late is stale.
    """

    symbol: str
    sequence: int
    sides: tuple[Decimal, Decimal] | None = None
    summary: _Summary | None = None
    book_id: int = -1
    event_ms: int = -1
    changed_at: datetime = EPOCH
    changed: bool = False
    written_s: float = float("-inf")
    document: bytes = b""

    def forget(self) -> None:
        """Know nothing any more, but go on counting."""
        self.sides = self.summary = None
        self.book_id = self.event_ms = -1
        self.changed = False

    def due_s(self) -> float:
        """Return the moment from which it is to be written."""
        if self.sides is None or self.summary is None:
            return float("inf")
        return self.written_s + (WRITE_EVERY_S if self.changed else RENEW_EVERY_S)

    def quote(self) -> Quote | None:
        """Return the price, None while something about it is unknown."""
        if self.sides is None or self.summary is None:
            return None
        return Quote(
            symbol=self.symbol,
            price=self.summary.price,
            bid=self.sides[0],
            ask=self.sides[1],
            volume_24h=self.summary.volume_24h,
            change_24h=self.summary.change_24h,
            timestamp=self.changed_at,
        )


class LivePrices:
    """The latest price of every symbol of one feed.

    Args:
        symbols: The symbols to follow; messages about others are invalid.
        sequences: The last sequence of each channel, from which to go on.
    """

    def __init__(self, symbols: Iterable[str], sequences: Mapping[str, int]) -> None:
        self._symbols = {
            name: _Symbol(name, sequences.get(channel_of_symbol(name), 0)) for name in symbols
        }
        self._heard_s = float("-inf")

    def forget(self, symbols: Iterable[str]) -> None:
        """Trust nothing that is known of these: their feed had a gap."""
        for name in symbols:
            self._symbols[name].forget()

    def take(self, message: str | bytes, now_s: float, at: datetime) -> bool:
        """Take one message of a combined stream; tell whether a write became due sooner.

        Raises:
            InvalidMessageError: It is dropped, and what is known stays.
        """
        stream, told = _open(message)
        state = self._symbols.get(str(told.get("s")))
        if state is None or not stream.startswith(state.symbol.lower()):
            raise InvalidMessageError("unknown symbol")
        before_s = state.due_s()
        if stream.endswith("@bookTicker"):
            _take_book(state, told)
        elif stream.endswith("@ticker"):
            _take_summary(state, told)
        else:
            raise InvalidMessageError("unknown stream")
        silent = now_s - self._heard_s > ALIVE_FOR_S
        self._heard_s = now_s
        state.changed, state.changed_at = True, at
        return silent or state.due_s() < before_s

    def seed(self, summary: Mapping[str, Any], at: datetime) -> None:
        """Take a 24-hour ticker that was asked for over REST; what the stream said stays.

        Raises:
            InvalidMessageError: It is dropped.
        """
        state = self._symbols.get(str(summary.get("symbol")))
        if state is None or state.event_ms >= 0:
            return
        found = _Summary(
            _positive(summary, "lastPrice"),
            _number(summary, "volume"),
            _number(summary, "priceChangePercent"),
        )
        if state.book_id < 0:
            state.sides = _sides(summary, "bidPrice", "askPrice")
        state.summary, state.changed, state.changed_at = found, True, at

    def due(self, now_s: float) -> list[Tick]:
        """Return what is to be written now, and take it as written."""
        if now_s - self._heard_s > ALIVE_FOR_S:
            return []
        due = (state for state in self._symbols.values() if state.due_s() <= now_s)
        return [tick for tick in (_tick(state, now_s) for state in due) if tick is not None]

    def next_due_s(self, now_s: float) -> float:
        """Return the next moment at which something is due; never, while the feed is silent."""
        if now_s - self._heard_s > ALIVE_FOR_S:
            return float("inf")
        return min((state.due_s() for state in self._symbols.values()), default=float("inf"))


def _tick(state: _Symbol, now_s: float) -> Tick | None:
    quote = state.quote()
    if quote is None:
        return None
    state.written_s = now_s
    channel = channel_of_symbol(state.symbol)
    if not state.changed:
        return Tick(state.symbol, state.document, channel, None)
    state.changed = False
    state.sequence += 1
    state.document = quote_document(quote)
    # The document's own example of a price update calls the volume just that.
    volume = decimal_text(quote.volume_24h).encode()
    frame = dump(
        {
            "type": "price_update",
            "channel": channel,
            "data": orjson.Fragment(state.document[:-1] + b',"volume":' + volume + b"}"),
            "timestamp": quote.timestamp,
            "sequence": state.sequence,
        }
    )
    return Tick(state.symbol, state.document, channel, frame)


def _open(message: str | bytes) -> tuple[str, dict[str, Any]]:
    try:
        read = orjson.loads(message)
        stream, told = read["stream"], read["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidMessageError("not a combined message") from error
    if not isinstance(stream, str) or not isinstance(told, dict):
        raise InvalidMessageError("not a combined message")
    return stream, told


def _take_book(state: _Symbol, told: Mapping[str, Any]) -> None:
    book_id = _count(told, "u")
    if book_id <= state.book_id:
        raise InvalidMessageError("stale book")
    state.sides = _sides(told, "b", "a")
    state.book_id = book_id


def _take_summary(state: _Symbol, told: Mapping[str, Any]) -> None:
    event_ms = _count(told, "E")
    if event_ms < state.event_ms:
        raise InvalidMessageError("stale ticker")
    found = _Summary(_positive(told, "c"), _number(told, "v"), _number(told, "P"))
    if state.book_id < 0:
        state.sides = _sides(told, "b", "a")
    state.summary, state.event_ms = found, event_ms


def _sides(
    told: Mapping[str, Any], bid_member: str, ask_member: str
) -> tuple[Decimal, Decimal] | None:
    """Read best bid and ask; a side that is empty is told as zero, and leaves no price."""
    bid, ask = _number(told, bid_member), _number(told, ask_member)
    if bid < 0 or ask < 0:
        raise InvalidMessageError("negative price")
    if not bid or not ask:
        return None
    if bid > ask:
        raise InvalidMessageError("crossed book")
    return bid, ask


def _count(told: Mapping[str, Any], member: str) -> int:
    value = told.get(member)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidMessageError(f"bad {member}")
    return value


def _number(told: Mapping[str, Any], member: str) -> Decimal:
    value = told.get(member)
    if not isinstance(value, str):
        raise InvalidMessageError(f"bad {member}")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InvalidMessageError(f"bad {member}") from error
    if not number.is_finite():
        raise InvalidMessageError(f"bad {member}")
    return number


def _positive(told: Mapping[str, Any], member: str) -> Decimal:
    number = _number(told, member)
    if number <= 0:
        raise InvalidMessageError(f"bad {member}")
    return number
