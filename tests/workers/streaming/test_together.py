import asyncio
import contextlib

import pytest

from workers.streaming.together import run_together


async def forever(ended: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(name)


async def deaf_once(ended: list[str]) -> None:
    """Lose the first cancellation, as redis-py may."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await forever(ended, "deaf")


async def test_a_failure_ends_all_and_is_raised() -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise ConnectionError("broken")

    with pytest.raises(ConnectionError):
        await run_together(forever(ended, "one"), fail(), forever(ended, "two"))
    assert sorted(ended) == ["one", "two"]


async def test_a_cancellation_is_repeated_until_it_is_heard() -> None:
    ended: list[str] = []
    running = asyncio.create_task(run_together(deaf_once(ended), forever(ended, "one")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await running
    assert sorted(ended) == ["deaf", "one"]
