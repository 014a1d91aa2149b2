"""Live prices as a state machine without I/O: messages in, writes that are due out.

Moments are monotonic seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from adapters.exact_json import decimal_text, dump
from adapters.redis_quotes import Tick, quote_document
from domain.market import Quote
from workers.streaming.due_times import NEVER, DueTimes
from workers.streaming.messages import (
    DaySummary,
    InvalidMessageError,
    Sides,
    book_of,
    open_message,
    rest_summary_of,
    summary_of,
    trade_of,
)

# At most this often a symbol is broadcast…
WRITE_EVERY_S = 0.1
# …but after one that was a little late the next is on time: a busy process keeps the pace.
MADE_UP_S = 0.03
# …and at least this often it is written, well within the second that a price lives.
RENEW_EVERY_S = 0.4
# …but only while the feed says anything at all: a price that nobody confirms must expire.
ALIVE_FOR_S = 1.0

STREAMS = ("bookTicker", "trade", "ticker")

EPOCH = datetime.fromtimestamp(0, UTC)


def channel_of_symbol(symbol: str) -> str:
    """Return the WebSocket channel of a symbol's price."""
    return f"{symbol}@ticker"


@dataclass(slots=True)
class _Symbol:
    """What is known of one symbol.

    `sides` are the best bid and ask, None while the book has not both. `book_id`, `trade_id`
    and `event_ms` are the venue's, and never fall: what comes late is stale. `price` is of
    the venue's moment `priced_ms`.
    """

    symbol: str
    channel: str
    sequence: int
    heard_s: float
    sides: Sides | None = None
    summary: DaySummary | None = None
    price: Decimal | None = None
    priced_ms: int = -1
    book_id: int = -1
    trade_id: int = -1
    event_ms: int = -1
    changed_at: datetime = EPOCH
    changed: bool = False
    told_s: float = float("-inf")
    written_s: float = float("-inf")
    document: bytes = b""

    def forget(self) -> None:
        """Know nothing any more, but go on counting."""
        self.sides = self.summary = self.price = None
        self.book_id = self.trade_id = self.event_ms = self.priced_ms = -1
        self.changed = False

    def due_s(self) -> float:
        """Return the moment from which it is to be written."""
        if self.sides is None or self.summary is None:
            return NEVER
        return self.told_s + WRITE_EVERY_S if self.changed else self.written_s + RENEW_EVERY_S

    def take(self, kind: str, told: Mapping[str, Any]) -> None:
        """Take what a stream of this symbol says."""
        if kind == "bookTicker":
            self._take_book(told)
        elif kind == "trade":
            self._take_trade(told)
        else:
            self._take_summary(told)

    def _take_book(self, told: Mapping[str, Any]) -> None:
        book_id, sides = book_of(told)
        if book_id <= self.book_id:
            raise InvalidMessageError("stale book")
        self.book_id, self.sides = book_id, sides

    def _take_trade(self, told: Mapping[str, Any]) -> None:
        trade = trade_of(told)
        if trade.trade_id <= self.trade_id:
            raise InvalidMessageError("stale trade")
        self.trade_id = trade.trade_id
        self.price, self.priced_ms = trade.price, trade.traded_ms

    def _take_summary(self, told: Mapping[str, Any]) -> None:
        summary = summary_of(told)
        if summary.event_ms < self.event_ms:
            raise InvalidMessageError("stale ticker")
        self.event_ms = summary.event_ms
        self.know(summary)

    def know(self, summary: DaySummary) -> None:
        """Take statistics; their price counts only where no later trade was heard of."""
        self.summary = summary
        if self.book_id < 0:
            self.sides = summary.sides
        if summary.event_ms > self.priced_ms:
            self.price, self.priced_ms = summary.price, summary.event_ms

    def quote(self) -> Quote | None:
        """Return the price, None while something about it is unknown."""
        if self.sides is None or self.summary is None or self.price is None:
            return None
        return Quote(
            symbol=self.symbol,
            price=self.price,
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
        now_s: From when on a symbol that says nothing is stale.
    """

    def __init__(
        self, symbols: Iterable[str], sequences: Mapping[str, int], now_s: float = 0.0
    ) -> None:
        self._symbols: dict[str, _Symbol] = {}
        self._by_stream: dict[str, tuple[_Symbol, str]] = {}
        for name in symbols:
            channel = channel_of_symbol(name)
            state = _Symbol(name, channel, sequences.get(channel, 0), now_s)
            self._symbols[name] = state
            for kind in STREAMS:
                self._by_stream[f"{name.lower()}@{kind}"] = (state, kind)
        self._due = DueTimes()
        self._heard_s = float("-inf")

    @property
    def streams(self) -> list[str]:
        """The streams that this is made from."""
        return list(self._by_stream)

    @property
    def sequences(self) -> dict[str, int]:
        """Where each channel's count stands."""
        return {state.channel: state.sequence for state in self._symbols.values()}

    def heard_s(self, symbol: str) -> float:
        """Return when a valid message about this symbol came last."""
        return self._symbols[symbol].heard_s

    def forget(self, symbols: Iterable[str]) -> None:
        """Trust nothing that is known of these: their feed had a gap."""
        for name in symbols:
            self._symbols[name].forget()
            self._due.set(name, NEVER)

    def take(self, message: str | bytes, now_s: float, at: datetime) -> bool:
        """Take one message of a combined stream; tell whether a write became due sooner.

        Raises:
            InvalidMessageError: It is dropped, and what is known stays.
        """
        opened = open_message(message)
        return opened is not None and self.take_opened(*opened, now_s, at)

    def take_opened(self, stream: str, told: Mapping[str, Any], now_s: float, at: datetime) -> bool:
        """Take a message that was opened, as `take` does."""
        known = self._by_stream.get(stream)
        if known is None:
            symbol = stream.partition("@")[0].upper()
            raise InvalidMessageError(
                "unknown stream" if symbol in self._symbols else "unknown symbol"
            )
        state, kind = known
        if told.get("s") != state.symbol:
            raise InvalidMessageError("unknown symbol")
        state.take(kind, told)
        state.heard_s = now_s
        silent = now_s - self._heard_s > ALIVE_FOR_S
        self._heard_s = now_s
        return self._mark(state, at) or silent

    def seed(self, summary: Mapping[str, Any], at: datetime) -> None:
        """Take a 24-hour ticker that was asked for over REST; what the stream said stays.

        Raises:
            InvalidMessageError: It is dropped.
        """
        state = self._symbols.get(str(summary.get("symbol")))
        if state is None or state.event_ms >= 0:
            return
        state.know(rest_summary_of(summary))
        self._mark(state, at)

    def due(self, now_s: float) -> list[Tick]:
        """Return what is to be written now, and take it as written."""
        if now_s - self._heard_s > ALIVE_FOR_S:
            return []
        ticks = (self._tick(self._symbols[name], now_s) for name in self._due.take(now_s))
        return [tick for tick in ticks if tick is not None]

    def next_due_s(self, now_s: float) -> float:
        """Return the next moment at which something is due; never, while the feed is silent."""
        if now_s - self._heard_s > ALIVE_FOR_S:
            return NEVER
        return self._due.next_s()

    def resume(self, sequences: Mapping[str, int]) -> None:
        """Go on after a write of which nobody knows whether it was made.

        Args:
            sequences: The last sequence of each channel that was.
        """
        for state in self._symbols.values():
            written = sequences.get(state.channel, state.sequence)
            if written != state.sequence and state.document:
                state.changed = True
                self._due.set(state.symbol, state.due_s())
            state.sequence = written

    def _mark(self, state: _Symbol, at: datetime) -> bool:
        state.changed_at = at
        if state.changed and self._due.get(state.symbol) != NEVER:
            # Most messages come between two writes and are told by the second one.
            if state.sides is None:
                self._due.set(state.symbol, NEVER)
            return False
        state.changed = True
        before_s, due_s = self._due.get(state.symbol), state.due_s()
        self._due.set(state.symbol, due_s)
        return due_s < before_s

    def _tick(self, state: _Symbol, now_s: float) -> Tick | None:
        quote = state.quote()
        if quote is None:
            return None
        state.written_s = now_s
        changed, state.changed = state.changed, False
        if changed:
            # A renewal is no reason to hold back the change that follows it.
            due_s = state.told_s + WRITE_EVERY_S
            state.told_s = due_s if now_s - due_s <= MADE_UP_S else now_s
        self._due.set(state.symbol, state.due_s())
        if not changed:
            return Tick(state.symbol, state.document, state.channel, None)
        state.sequence += 1
        state.document = quote_document(quote)
        return Tick(state.symbol, state.document, state.channel, _frame(state, quote))


def _frame(state: _Symbol, quote: Quote) -> bytes:
    # The document's own example of a price update calls the volume just that.
    volume = decimal_text(quote.volume_24h).encode()
    return dump(
        {
            "type": "price_update",
            "channel": state.channel,
            "data": orjson.Fragment(state.document[:-1] + b',"volume":' + volume + b"}"),
            "timestamp": quote.timestamp,
            "sequence": state.sequence,
        }
    )
