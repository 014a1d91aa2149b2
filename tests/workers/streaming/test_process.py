"""`python -m workers.streaming` and what an operator sees of it."""

import asyncio

import httpx

from tests.workers.streaming.conftest import PROCESS_SYMBOLS, Start, ready
from workers.stack.ports import free_port


async def test_its_metrics_are_where_the_setting_says(
    environment: dict[str, str], start: Start
) -> None:
    port = free_port()
    environment["BOTCORE_STREAMING_METRICS_PORT"] = str(port)
    child = start()
    await ready(child)
    async with httpx.AsyncClient(trust_env=False) as http:
        shown = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    for symbol in PROCESS_SYMBOLS:
        assert f'botcore_feed_staleness_seconds{{symbol="{symbol}"}}' in shown
    assert "botcore_stream_shards_held 4.0" in shown
    await asyncio.to_thread(child.stop)
    assert child.exit_code == 0, child.log_tail()
    assert "Traceback" not in child.log_tail()
