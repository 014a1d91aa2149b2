"""Loads: calls at a pace, calls at once, and the CPU that they cost."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any, TypeVar

import psutil

T = TypeVar("T")


async def paced(make: Callable[[], Awaitable[T]], count: int, per_s: float) -> list[T]:
    """Begin a call every 1/per_s, whether or not the last has ended, and keep no delay."""
    began = perf_counter()
    tasks = []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / per_s - perf_counter()))
        tasks.append(asyncio.ensure_future(make()))
    return await asyncio.gather(*tasks)


async def at_once(
    makers: Sequence[Callable[[], Awaitable[T]]], count: int
) -> tuple[list[T], float]:
    """Keep every maker busy, one call after the other; return results and calls a second."""
    left = iter(range(count))

    async def busy(make: Callable[[], Awaitable[T]]) -> list[T]:
        return [await make() for _ in left]

    began = perf_counter()
    results = await asyncio.gather(*(busy(make) for make in makers))
    return list(itertools.chain(*results)), count / (perf_counter() - began)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds, of user and system, that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def system_s(pid: int) -> float:
    """Return how much of a process's CPU seconds the kernel has used for it."""
    return float(psutil.Process(pid).cpu_times().system)


def cpu_row(before: dict[str, float], after: dict[str, float], count: int) -> dict[str, Any]:
    """Return the columns that say the CPU milliseconds per operation, in all and by part."""
    by_part = {
        name: round((after[name] - before.get(name, 0.0)) * 1000 / count, 2)
        for name in sorted(after)
        if after[name] - before.get(name, 0.0) > 0
    }
    return {"cpu_ms_per_op": round(sum(by_part.values()), 2), "cpu_ms_per_op_by_part": by_part}
