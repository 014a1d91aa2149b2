"""Recorded candles: read from a file, and what a venue would tell of them along the way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sandbox.exchange.core.records import ZERO
from sandbox.exchange.market import intervals
from sandbox.exchange.market.candles import Candle

_PRICES: Final = slice(1, 5)
_COLUMNS: Final = 5
_ALL_COLUMNS: Final = 11
# Binance's public data went from milliseconds to microseconds in 2025.
_MICROSECONDS_FROM: Final = 10**14
_STEP: Final = Decimal("0.00000001")


def read_rows(lines: Iterable[str | Sequence[Any]]) -> list[Candle]:
    """Candles from lines (or rows) in Binance's public-data columns; a header is skipped.

    Volumes and what follows them may be left out.

    Raises:
        ValueError: There is no candle, or a line is not one.
    """
    rows: list[Candle] = []
    for number, line in enumerate(lines):
        cells = line.split(",") if isinstance(line, str) else [str(cell) for cell in line]
        if number == 0 and not cells[0].strip().isdigit():
            continue
        if len(cells) < _COLUMNS:
            raise ValueError(f"line {number + 1} has {len(cells)} columns")
        try:
            rows.append(_row(cells))
        except ArithmeticError as error:
            raise ValueError(f"line {number + 1} has something that is no number") from error
        if min(rows[-1].open, rows[-1].high, rows[-1].low, rows[-1].close) <= 0:
            raise ValueError(f"line {number + 1} has a price that is not positive")
    if not rows:
        raise ValueError("no candles")
    return rows


def _row(cells: list[str]) -> Candle:
    opened = int(cells[0])
    if opened >= _MICROSECONDS_FROM:
        opened //= 1000
    first, high, low, last = (Decimal(cell) for cell in cells[_PRICES])
    if len(cells) < _ALL_COLUMNS:
        return Candle(opened, first, high, low, last)
    volume, quote, taker, taker_quote = (Decimal(cells[column]) for column in (5, 7, 9, 10))
    trades = int(cells[8])
    return Candle(opened, first, high, low, last, volume, quote, trades, taker, taker_quote)


def path(row: Candle) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """The order in which a candle's prices are visited, one at each quarter of its span."""
    rising = row.close >= row.open
    middle = (row.low, row.high) if rising else (row.high, row.low)
    return (row.open, *middle, row.close)


@dataclass(frozen=True, slots=True)
class Recording:
    """Candles of a file, oldest first, all of one length.

    Attributes:
        rows: The candles.
        length_ms: Of each.
    """

    rows: list[Candle]
    length_ms: int

    @property
    def start_ms(self) -> int:
        """When the first candle opens."""
        return self.rows[0].open_ms

    @property
    def end_ms(self) -> int:
        """When the last candle is over."""
        return self.rows[-1].open_ms + self.length_ms

    def between(self, interval: str, opens: list[int], now_ms: int) -> list[Candle]:
        """The candles with these open times, as they stand at a moment of the recording.

        There are none before the file and after it, nor any shorter than the file's.
        """
        found = (self._bar(start, intervals.next_ms(interval, start), now_ms) for start in opens)
        return [bar for bar in found if bar is not None]

    def _bar(self, start: int, end: int, now_ms: int) -> Candle | None:
        if end - start < self.length_ms:
            return None
        first = max(0, -(-(start - self.start_ms) // self.length_ms))
        bar: Candle | None = None
        for row in self.rows[first:]:
            if row.open_ms >= end or row.open_ms > now_ms:
                break
            piece = self._so_far(row, now_ms)
            if bar is None:
                bar = replace(piece, open_ms=start)
            else:
                bar.merge(piece)
        return bar

    def _so_far(self, row: Candle, now_ms: int) -> Candle:
        """What has happened of a candle: all of it, or the quarters that have passed."""
        passed_ms = now_ms - row.open_ms
        if passed_ms >= self.length_ms:
            return row
        visited = path(row)[: 1 + 4 * passed_ms // self.length_ms]
        volume = (row.volume * passed_ms / self.length_ms).quantize(_STEP)
        return Candle(row.open_ms, row.open, max(visited), min(visited), visited[-1], volume, ZERO)
