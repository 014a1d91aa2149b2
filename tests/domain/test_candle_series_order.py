"""A series told of by a stream that loses, repeats and swaps, beside a venue that knows."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle_series import CandleSeries, Gap, Step
from domain.candles import Candle, Timeframe
from tests.domain.candle_building import random_walk


class World:
    """A venue, a stream that loses, repeats and swaps, and what a worker told of it."""

    def __init__(self, seed: int, *, holes: bool) -> None:
        self.draw = random.Random(seed)
        whole = random_walk(160, seed)
        self.truth = [
            candle
            for number, candle in enumerate(whole)
            if not (holes and 40 < number < 155 and self.draw.random() < 0.1)
        ]
        self.series = CandleSeries("BTCUSDT", Timeframe.M1)
        self.told: list[Candle] = []
        self.corrected: list[Candle] = []
        self.now = 30

    def act(self, step: Step) -> None:
        self.told += [each.candle for each in step.closed]
        self.corrected += [each.candle for each in step.corrected]
        if step.closed or step.changed:
            found = self.series.evaluated_open()
            # Whatever is in progress comes right after what was closed last, among what exists.
            if found is not None and self.told:
                assert found.candle.open_time > self.told[-1].open_time

    def in_progress(self, number: int) -> Candle:
        share = Decimal(self.draw.randrange(1, 100)) / 100
        return replace(self.truth[number], volume=self.truth[number].volume * share, closed=False)

    def messages(self) -> list[tuple[Candle, int]]:
        """Tell of the next few candles, and leave some of it out."""
        found = []
        for number in range(self.now, min(self.now + self.draw.randrange(1, 8), len(self.truth))):
            self.now = number + 1
            states = sorted((self.in_progress(number) for _ in range(3)), key=lambda c: c.volume)
            for state in (*states, self.truth[number]):
                found += [(state, 10 * number + 1)] * self.draw.choice([0, 1, 1, 2])
        if self.draw.random() < 0.5:
            self.draw.shuffle(found)
        return found

    def back_fill(self, gap: Gap) -> None:
        """Answer with one page, sometimes one that ends before now."""
        size = self.draw.choice([1, 3, 1_000])
        rows = [each for each in self.truth[: self.now] if each.open_time >= gap.first_missing]
        if self.now < len(self.truth):
            rows.append(self.in_progress(self.now))
        self.act(self.series.take_venue(rows[:size], gap.first_missing))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9), holes=st.booleans())
def test_what_is_told_is_the_series_each_once_and_in_order(seed: int, *, holes: bool) -> None:
    world = World(seed, holes=holes)
    world.act(world.series.prime(world.truth[:30]))
    while world.now < len(world.truth):
        for candle, event_ms in world.messages():
            step = world.series.take_stream(candle, event_ms)
            world.act(step)
            if step.gap is not None and world.draw.random() < 0.3:
                world.back_fill(step.gap)
            assert world.told == world.truth[30 : 30 + len(world.told)]
    end = world.truth[-1].close_time + timedelta(milliseconds=1)
    while (gap := world.series.gap_at(end)) is not None:
        world.back_fill(gap)
    assert world.told == world.truth[30:]
    assert not world.corrected
    assert world.series.gap is None
