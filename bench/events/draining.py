"""How fast each service works off a backlog, and that being killed changes no effect."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from time import perf_counter

from adapters.rabbitmq_topology import AI_SIGNALS_QUEUE, NOTIFICATIONS_QUEUE, TRADING_QUEUE
from bench.events.stage import Stage, kill, signal_generated, trade_executed
from bench.load import cpu_s
from bench.report import Report
from domain.events import DomainEvent

GOAL_PER_S = 2_000
KILLS = 10
_DRAIN_TIMEOUT_S = 300.0
_POLL_S = 0.02

Count = Callable[[Stage], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Service:
    """One consumer: what it takes, and how its effects are counted where they are kept."""

    name: str
    module: str
    queue: str
    event: Callable[[int], DomainEvent]
    effects: Count


async def _logged(stage: Stage) -> int:
    return await stage.database["system_logs"].estimated_document_count()


async def _counted(stage: Stage) -> int:
    days = stage.database["ai_signal_days"].find({}, {"signals": 1})
    return sum([each["signals"] async for each in days])


async def _notified(stage: Stage) -> int:
    return await stage.database["notifications"].estimated_document_count()


SERVICES = (
    Service("logging", "workers.logging_consumer", TRADING_QUEUE, trade_executed, _logged),
    Service(
        "analytics",
        "workers.analytics_consumer",
        AI_SIGNALS_QUEUE,
        signal_generated,
        _counted,
    ),
    Service(
        "notifications",
        "workers.notification_consumer",
        NOTIFICATIONS_QUEUE,
        trade_executed,
        _notified,
    ),
)


async def measure_draining(stage: Stage, report: Report, count: int) -> None:
    """Let each service work off a backlog, first in peace and then killed again and again."""
    for service in SERVICES:
        await stage.purge()
        events = [service.event(number) for number in range(count)]
        await stage.publish(events)
        await _in_peace(stage, report, service, count)
        await _exactly(stage, report, service, events, "in peace")
        await stage.purge()
        await stage.publish(events)
        await _killed(stage, report, service, count)
        await _exactly(stage, report, service, events, f"killed {KILLS} times")


async def _in_peace(stage: Stage, report: Report, service: Service, count: int) -> None:
    child = await stage.start(service.module)
    began = perf_counter()
    used = cpu_s(child.pid)
    try:
        await _until(stage, service, count)
        per_s = count / (perf_counter() - began)
        used = cpu_s(child.pid) - used
    finally:
        child.stop()
    cpu_ms = round(used * 1_000 / count, 3)
    name = f"{service.name}: a backlog of {count:,}"
    report.rows.append({"name": name, "n": count, "per_s": round(per_s), "cpu_ms_per_op": cpu_ms})
    goal = f">= {GOAL_PER_S:,}"
    report.goal(f"{service.name}: events/s of a backlog", goal, per_s, met=per_s >= GOAL_PER_S)


async def _killed(stage: Stage, report: Report, service: Service, count: int) -> None:
    """Kill it whenever another part is done; the time between its lives does not count."""
    working_s = 0.0
    done = 0
    began = perf_counter()
    for kills in range(KILLS + 1):
        child = await stage.start(service.module)
        alive = perf_counter()
        wanted = count if kills == KILLS else done + (count - done) // (KILLS + 1 - kills)
        try:
            done = await _until(stage, service, wanted)
            working_s += perf_counter() - alive
        finally:
            if kills == KILLS:
                child.stop()
            else:
                kill(child)
    per_s = count / working_s
    name = f"  the same, killed {KILLS} times, while it ran"
    report.rows.append({"name": name, "n": count, "per_s": round(per_s)})
    whole = {"name": "  the same, its restarts included", "n": count}
    report.rows.append(whole | {"per_s": round(count / (perf_counter() - began))})
    name = f"{service.name}: events/s of it while it ran, killed {KILLS} times"
    report.goal(name, f">= {GOAL_PER_S:,}", per_s, met=per_s >= GOAL_PER_S)


async def _until(stage: Stage, service: Service, wanted: int) -> int:
    async with asyncio.timeout(_DRAIN_TIMEOUT_S):
        while (done := await service.effects(stage)) < wanted:  # noqa: ASYNC110 - another's doing
            await asyncio.sleep(_POLL_S)
    return done


async def _exactly(
    stage: Stage, report: Report, service: Service, events: list[DomainEvent], how: str
) -> None:
    """Count effects that are missing or there twice, once nothing is left in the queue."""
    while left := await stage.waiting(service.queue):
        raise RuntimeError(f"{left} messages are left in {service.queue}")
    wrong = abs(await service.effects(stage) - len(events))
    if service.name == "analytics":
        sums = stage.database["ai_signal_days"].find({}, {"confidence_sum": 1})
        found = sum([each["confidence_sum"] async for each in sums], Decimal(0))
        wrong += found != sum(event.data["confidence"] for event in events)
    report.goal(f"{service.name}: effects missing or double, {how}", "0", wrong, met=wrong == 0)
