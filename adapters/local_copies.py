"""Copies in this process's memory: bounded, and never older than what it was told."""

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from adapters.redis_invalidation import Invalidations

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Copy(Generic[Value]):
    """One value, with the monotonic time at which it is good no longer."""

    value: Value
    until_s: float
    size: int


class Reading(Generic[Value]):
    """A read that is on its way; what it finds may be kept unless it was overtaken."""

    __slots__ = ("_copies", "_key", "overtaken")

    def __init__(self, copies: "LocalCopies[Value]", key: str) -> None:
        self._copies = copies
        self._key = key
        self.overtaken = False

    def keep(self, value: Value, ttl_s: float, size: int = 1) -> None:
        """Keep what was read, unless the key was invalidated since the reading began."""
        if not self.overtaken:
            self._copies.put(self._key, value, ttl_s, size)


class LocalCopies(Generic[Value]):
    """The least recently used go first.

    The hazard is a read that is answered before an update and arrives after the update's
    invalidation: kept, its old value would stay. So a value is kept only within a
    `reading`, which every invalidation of its key and every gap marks as overtaken.

    Args:
        invalidations: Who says which copies are good no longer.
        capacity: The sum of the sizes of the copies.
    """

    def __init__(self, invalidations: Invalidations, capacity: int) -> None:
        self._invalidations = invalidations
        self._capacity = capacity
        self._copies: OrderedDict[str, Copy[Value]] = OrderedDict()
        self._size = 0
        self._readings: dict[str, set[Reading[Value]]] = {}
        invalidations.watch(self.drop, self.clear)

    def get(self, key: str) -> Copy[Value] | None:
        """Return a copy that is good now, or None."""
        copy = self._copies.get(key)
        if copy is None or not self._invalidations.in_touch:
            return None
        if copy.until_s <= time.monotonic():
            self._remove(key)
            return None
        self._copies.move_to_end(key)
        return copy

    @contextmanager
    def reading(self, key: str) -> Iterator[Reading[Value]]:
        """Begin to read a key elsewhere."""
        reading = Reading(self, key)
        self._readings.setdefault(key, set()).add(reading)
        try:
            yield reading
        finally:
            others = self._readings.get(key)
            if others is not None:
                others.discard(reading)
                if not others:
                    del self._readings[key]

    def put(self, key: str, value: Value, ttl_s: float, size: int = 1) -> None:
        """Keep a value that is the truth now, such as one that was stored just now."""
        self._remove(key)
        if ttl_s <= 0 or size > self._capacity or not self._invalidations.in_touch:
            return
        self._copies[key] = Copy(value, time.monotonic() + ttl_s, size)
        self._size += size
        while self._size > self._capacity:
            self._remove(next(iter(self._copies)))

    def drop(self, key: str) -> None:
        """Forget one key; what is being read of it is not kept."""
        self._remove(key)
        for reading in self._readings.pop(key, ()):
            reading.overtaken = True

    def clear(self) -> None:
        """Forget everything; nothing that is being read is kept."""
        self._copies.clear()
        self._size = 0
        for readings in self._readings.values():
            for reading in readings:
                reading.overtaken = True
        self._readings.clear()

    @property
    def size(self) -> int:
        """The sum of the sizes of the copies."""
        return self._size

    def _remove(self, key: str) -> None:
        copy = self._copies.pop(key, None)
        if copy is not None:
            self._size -= copy.size
