"""How long the parts of a step took, for those who wait for it and for operators."""

from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


class Laps(dict[str, float]):
    """Milliseconds by the name of the part; parts may run side by side."""

    async def of(self, part: str, step: Awaitable[T]) -> T:
        """Await a step and keep how long it took, also where it failed."""
        began = perf_counter()
        try:
            return await step
        finally:
            self[part] = round((perf_counter() - began) * 1000, 3)
