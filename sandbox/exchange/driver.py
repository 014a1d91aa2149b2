"""Keeps the markets moving and the timed streams fed."""

import asyncio
from typing import Any, Final

from sandbox.exchange.core.symbols import text
from sandbox.exchange.market import intervals, ticker
from sandbox.exchange.market.listing import Gathered, Listing
from sandbox.exchange.market.ticker import RollingWindow
from sandbox.exchange.protocol.market_calls import levels
from sandbox.exchange.venue import Venue, now_ms

_TICK_S: Final = 0.05
_SECOND_MS: Final = 1_000
# Candles told at once at most; more only where a replay began or ended.
_MOST_CANDLES: Final = 1_000


class Driver:
    """The exchange's heartbeat.

    Args:
        venue: What to drive.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._step_ms = max(1, int(1000 / venue.settings.steps_per_s))
        # Symbols take turns within a step, so that no turn of the loop is long.
        count = len(venue.listings)
        start = now_ms()
        self._due = {
            symbol: start + index * self._step_ms // count
            for index, symbol in enumerate(venue.listings)
        }
        self._next_100ms = self._next_second = start
        self._windows: dict[tuple[str, int], RollingWindow] = {}
        self._klines: dict[str, int] = {}

    def open(self) -> None:
        """Quote every symbol once, so that nobody meets an empty book at the start."""
        now = now_ms()
        for listing in self._venue.listings.values():
            if not listing.paused:
                for price in listing.source.targets(now):
                    listing.maker.step(price, now)

    async def run(self) -> None:
        """Drive until canceled."""
        while True:
            now = now_ms()
            self._move(now)
            if now >= self._next_100ms:
                self._next_100ms = now + 100
                self._send_depth(now, 100)
            self._send_recorded(now)
            if now >= self._next_second:
                self._next_second = now + _SECOND_MS
                self._every_second(now)
            # Never wait for the disk here: orders would stand in line behind the model.
            self._venue.commit_soon()
            await asyncio.sleep(_TICK_S)

    def _move(self, now: int) -> None:
        for symbol, listing in self._venue.listings.items():
            if now < self._due[symbol]:
                continue
            self._due[symbol] = max(self._due[symbol] + self._step_ms, now - self._step_ms)
            if not listing.paused:
                for price in listing.source.targets(now):
                    listing.maker.step(price, now)

    def _every_second(self, now: int) -> None:
        self._send_depth(now, _SECOND_MS)
        for listing in self._venue.listings.values():
            listing.candles.roll(now)
            listing.market.average = listing.average.at(now).average
        self._send_tickers(now)
        hub = self._venue.hub
        self._klines = {name: at for name, at in self._klines.items() if hub.listens(name)}
        for stream in hub.wanted():
            symbol, _, kind = stream.partition("@")
            listing_found = self._venue.listings.get(symbol.upper())
            if listing_found is None:
                continue
            if kind.startswith("kline_"):
                # A recording's run at its own pace.
                if listing_found.recording is None:
                    self._send_kline(stream, listing_found, kind.removeprefix("kline_"), now)
            elif kind == "avgPrice":
                hub.publish(stream, _average_event(listing_found, now))
            elif kind.startswith("ticker_"):
                self._send_window(stream, listing_found, kind.removeprefix("ticker_"), now)

    def _send_recorded(self, now: int) -> None:
        replayed = {
            symbol.lower(): listing
            for symbol, listing in self._venue.listings.items()
            if listing.recording is not None
        }
        if not replayed:
            return
        for stream in self._venue.hub.wanted():
            symbol, _, kind = stream.partition("@kline_")
            if kind and symbol in replayed:
                listing = replayed[symbol]
                self._send_kline(stream, listing, kind, listing.candle_ms(now))

    def _send_tickers(self, now: int) -> None:
        hub = self._venue.hub
        all_full, all_mini = hub.listens("!ticker@arr"), hub.listens("!miniTicker@arr")
        full_events: list[dict[str, Any]] = []
        mini_events: list[dict[str, Any]] = []
        for symbol, listing in self._venue.listings.items():
            lower = symbol.lower()
            full, small = hub.listens(f"{lower}@ticker"), hub.listens(f"{lower}@miniTicker")
            if not (full or small or all_full or all_mini):
                continue
            found = listing.day.at(now)
            if full or all_full:
                full_events.append(ticker.ticker_event(listing.market, found))
                hub.publish(f"{lower}@ticker", full_events[-1])
            if small or all_mini:
                mini_events.append(ticker.mini_event(listing.market, found))
                hub.publish(f"{lower}@miniTicker", mini_events[-1])
        hub.publish("!ticker@arr", full_events)
        hub.publish("!miniTicker@arr", mini_events)

    def _send_kline(self, stream: str, listing: Listing, interval: str, now: int) -> None:
        """Tell every candle that is over since the last time, and the one in progress."""
        current = intervals.open_ms(interval, now)
        start = self._klines.get(stream, current)
        if current - start > _MOST_CANDLES * intervals.LENGTH_MS[interval]:
            start = current
        paced = listing.recording is None and interval != "1s"
        if start == current and paced and now // _SECOND_MS % 2:
            return
        while start < current:
            self._publish_kline(stream, listing, interval, (start, now), closed=True)
            start = intervals.next_ms(interval, start)
        self._klines[stream] = current
        self._publish_kline(stream, listing, interval, (current, now), closed=False)

    def _publish_kline(
        self, stream: str, listing: Listing, interval: str, times: tuple[int, int], *, closed: bool
    ) -> None:
        start, now = times
        found = listing.bars(interval, [start], now)
        if not found:
            return
        candle = found[0]
        shown = {
            "t": start,
            "T": intervals.next_ms(interval, start) - 1,
            "s": listing.market.rules.symbol,
            "i": interval,
            "f": candle.first_id,
            "L": candle.last_id,
            "o": text(candle.open),
            "c": text(candle.close),
            "h": text(candle.high),
            "l": text(candle.low),
            "v": text(candle.volume),
            "n": candle.trades,
            "x": closed,
            "q": text(candle.quote_volume),
            "V": text(candle.taker_volume),
            "Q": text(candle.taker_quote_volume),
            "B": "0",
        }
        event = {"e": "kline", "E": now, "s": listing.market.rules.symbol, "k": shown}
        self._venue.hub.publish(stream, event)

    def _send_window(self, stream: str, listing: Listing, size: str, now: int) -> None:
        length = intervals.LENGTH_MS[size]
        key = (listing.market.rules.symbol, length)
        window = self._windows.setdefault(key, RollingWindow(listing.candles, length))
        event = ticker.ticker_event(listing.market, window.at(now))
        for name in "xQbBaA":
            del event[name]
        self._venue.hub.publish(stream, event | {"e": f"{size}Ticker"})

    def _send_depth(self, now: int, interval_ms: int) -> None:
        hub = self._venue.hub
        for stream in hub.wanted():
            symbol, _, kind = stream.partition("@")
            fast = kind.endswith("@100ms")
            if not kind.startswith("depth") or fast != (interval_ms < _SECOND_MS):
                continue
            listing = self._venue.listings[symbol.upper()]
            count = kind.partition("@")[0].removeprefix("depth")
            if count:
                book = listing.market.book
                shown = {"lastUpdateId": book.update_id, **levels(book, int(count))}
                hub.publish(stream, shown)
            else:
                self._send_diff(stream, listing, listing.depth[kind], now)

    def _send_diff(self, stream: str, listing: Listing, gathered: Gathered, now: int) -> None:
        book = listing.market.book
        bids, asks = gathered.bids, gathered.asks
        if bids or asks:
            event = {
                "e": "depthUpdate",
                "E": now,
                "s": listing.market.rules.symbol,
                "U": gathered.first_id,
                "u": book.update_id,
                "b": [[text(p), text(book.bids.total_at(p))] for p in sorted(bids, reverse=True)],
                "a": [[text(p), text(book.asks.total_at(p))] for p in sorted(asks)],
            }
            self._venue.hub.publish(stream, event)
            gathered.bids, gathered.asks = set(), set()
        gathered.first_id = book.update_id + 1


def _average_event(listing: Listing, now: int) -> dict[str, Any]:
    return {
        "e": "avgPrice",
        "E": now,
        "s": listing.market.rules.symbol,
        "i": "5m",
        "w": text(listing.average.at(now).average),
        "T": listing.tape[-1].time_ms if listing.tape else now,
    }
