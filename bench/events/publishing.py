"""How long a publisher waits for the broker's confirmation."""

from collections.abc import Awaitable, Callable
from time import perf_counter

import aio_pika

from adapters.exact_json import dump
from bench.events.stage import Stage, trade_executed
from bench.load import paced
from bench.report import Report, percentile
from domain.events import DomainEvent

PACE_PER_S = 200
GOAL_MS = 10
_PLAIN_EXCHANGE = "bench"


async def measure_publishing(stage: Stage, report: Report, count: int) -> None:
    """Publish through the event bus, and through aio-pika alone, at the same pace."""
    times = await _times(stage.bus.publish, count)
    row = report.row(f"publish with confirm, {PACE_PER_S}/s", times)
    report.goal("publish with confirm p95", f"< {GOAL_MS} ms", row["p95_ms"],
                met=percentile(times, 95) < GOAL_MS)  # fmt: skip
    async with await aio_pika.connect(stage.settings.rabbitmq_url) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(_PLAIN_EXCHANGE, auto_delete=True)
        # One durable queue: what a message costs that is written down once.
        queue = await channel.declare_queue(_PLAIN_EXCHANGE, durable=True)
        await queue.bind(exchange, "plain")

        async def publish(event: DomainEvent) -> None:
            body = dump(event.envelope())
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await exchange.publish(message, "plain")

        times = await _times(publish, count)
        await queue.delete(if_empty=False)
    report.row(f"  yardstick: bare aio-pika to one queue, {PACE_PER_S}/s", times)


async def _times(publish: Callable[[DomainEvent], Awaitable[None]], count: int) -> list[float]:
    numbers = iter(range(2 * count))

    async def once() -> float:
        event = trade_executed(next(numbers))
        began = perf_counter()
        await publish(event)
        return (perf_counter() - began) * 1_000

    await paced(once, count // 10, PACE_PER_S)
    return await paced(once, count, PACE_PER_S)
