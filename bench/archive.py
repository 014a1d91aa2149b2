"""`python -m bench.archive`: a million old trades into cold storage, beside people who trade.

The whole stack runs on this machine, the storage and this load included. The same trades are
placed before and while the archive works, so that its neighbours' delay can be told.
"""

import argparse
import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import aiohttp
import psutil
import uvloop
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from adapters.mongo import Database, database_of, open_client
from bench.archive_load import OLD_SPAN, insert_old_trades, usual_export
from bench.load import paced
from bench.report import Report, percentile
from bench.system import System, private_system, wait_quiet
from bench.trade import PACE_PER_S, WARM_UP, new_trader, user_id_of
from domain.archival.messages import ArchivalReport
from domain.archival.tiers import DataType
from workers.archive_desk import ArchiveDesk, Run
from workers.seed import SEED_PASSWORD
from workers.temporal import connect_temporal

RATE_GOAL = 15_000
MEMORY_GOAL_MIB = 500
SLOWDOWN_GOAL = 1.5
SAMPLE_S = 0.1
# Counting a million takes longer than what anybody waits for.
OPERATION_TIMEOUT_MS = 60_000
FOLLOW_S = 0.5
_MIB = 1024 * 1024
_WORKER = "workers.archival"
_USUAL_COUNT = 50_000


@dataclass(slots=True)
class Memory:
    """How much of it a process has used at most."""

    at_rest_mib: float
    peak_mib: float


def archival_worker(system: System) -> psutil.Process:
    """Return the process whose memory counts."""
    for process in system.process.children(recursive=True):
        if _WORKER in process.cmdline():
            return process
    raise RuntimeError("the stack has no archival worker")


@asynccontextmanager
async def watched_memory(process: psutil.Process) -> AsyncIterator[Memory]:
    """Sample a process's resident memory for as long as this is open."""
    at_rest = process.memory_info().rss / _MIB
    memory = Memory(at_rest, at_rest)

    async def sample() -> None:
        while True:
            memory.peak_mib = max(memory.peak_mib, process.memory_info().rss / _MIB)
            await asyncio.sleep(SAMPLE_S)

    sampling = asyncio.create_task(sample())
    try:
        yield memory
    finally:
        sampling.cancel()


async def start_archival(http: aiohttp.ClientSession) -> str:
    """Ask for a run as an operator does; return its workflow's id."""
    person = {"email": "operator@example.com", "password": SEED_PASSWORD}
    async with http.post("/api/auth/login", json=person) as answer:
        answer.raise_for_status()
        headers = {"Authorization": f"Bearer {(await answer.json())['token']}"}
    body = {"data_type": str(DataType.TRADES)}
    async with http.post("/api/archives/run", json=body, headers=headers) as answer:
        answer.raise_for_status()
        return str((await answer.json())["workflow_id"])


async def ended(desk: ArchiveDesk, workflow_id: str) -> ArchivalReport:
    """Wait for the end of a run.

    Raises:
        RuntimeError: It ended otherwise, or left something in place.
    """
    run: Run = await desk.run(workflow_id)
    while run.status.name == "RUNNING":
        await asyncio.sleep(FOLLOW_S)
        run = await desk.run(workflow_id)
    report = run.report
    if not isinstance(report, ArchivalReport) or report.refusals:
        raise RuntimeError(f"the run ended {run.status.name}: {run.failure or report}")
    return report


def seconds_by_step(history: WorkflowHistory) -> dict[str, float]:
    """Return how long the steps of a run took, by the name of their activity."""
    names: dict[int, str] = {}
    began: dict[int, datetime] = {}
    seconds: dict[str, float] = {}
    for event in history.events:
        at = event.event_time.ToDatetime()
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                names[event.event_id] = scheduled.activity_type.name
                began[event.event_id] = at
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                first = event.activity_task_completed_event_attributes.scheduled_event_id
                name = names[first]
                took = (at - began[first]).total_seconds()
                seconds[name] = seconds.get(name, 0.0) + took
    return seconds


async def trades_until(done: asyncio.Task[ArchivalReport], once: Any, least: int) -> list[float]:
    """Place orders at the pace for as long as the archive works, and at least so many."""
    net: list[float] = []
    while not done.done() or len(net) < least:
        net += [total - venue for total, venue in await paced(once, PACE_PER_S, PACE_PER_S)]
    return net


async def check(database: Database, count: int, total: Decimal) -> None:
    """Count anew, without the product's own words for it.

    Raises:
        RuntimeError: Something is lost, doubled, or has another sum.
    """
    old = {"created_at": {"$lt": OLD_SPAN[1]}}
    left = [await database[name].count_documents(old) for name in ("trades", "archive_trades")]
    manifests = await database["archive_manifests"].find({"state": "removed"}).to_list(None)
    cold = sum(each["contents"]["document_count"] for each in manifests)
    sums = sum((each["contents"]["sums"]["quantity"] for each in manifests), Decimal(0))
    if left != [0, 0] or cold != count or sums != total:
        raise RuntimeError(f"left {left}, cold {cold} of {count}, sum {sums} of {total}")


def tell(report: Report, done: ArchivalReport, seconds: dict[str, float], memory: Memory) -> None:
    """Add the rows and goals of the run."""
    count = done.to_cold.documents
    verified_s = seconds["store_file"] + seconds["prove_file"]
    rows: Sequence[tuple[str, float]] = (
        ("archive → verified cold files", verified_s),
        ("  of it: read, written, uploaded", seconds["store_file"]),
        ("  of it: read back, proven, frozen", seconds["prove_file"]),
        ("hot → archive", seconds["move_to_archive"]),
        ("removed from the archive", seconds["remove_stored"]),
        ("all of the run", sum(seconds.values())),
    )
    for name, took in rows:
        report.rows.append(
            {"name": name, "n": count, "per_s": round(count / took), "seconds": round(took, 1)}
        )
    report.rows.append(
        {
            "name": f"files: {done.to_cold.files}, {done.to_cold.size_bytes / _MIB:.0f} MiB",
            "n": done.to_cold.files,
            "size_bytes": done.to_cold.size_bytes,
        }
    )
    rate = count / verified_s
    report.goal(
        "documents/s to verified cold files", f">= {RATE_GOAL:,}", rate, met=rate >= RATE_GOAL
    )
    peak = memory.peak_mib
    name = f"worker's memory, MiB at most, {memory.at_rest_mib:.0f} at rest"
    report.goal(name, f"< {MEMORY_GOAL_MIB}", peak, met=peak < MEMORY_GOAL_MIB)


def compare(report: Report, alone: Sequence[float], beside: Sequence[float]) -> None:
    """Add the trades' rows, and by how much the archive delayed them."""
    report.row(f"trade, paced {PACE_PER_S}/s, less the exchange call, alone", alone)
    report.row("  the same beside the archive", beside)
    slowdown = percentile(beside, 95) / percentile(alone, 95)
    report.goal(
        "trade p95 beside the archive, times that alone",
        f"<= {SLOWDOWN_GOAL}",
        slowdown,
        met=slowdown <= SLOWDOWN_GOAL,
    )


async def measure(system: System, report: Report, count: int, orders: int) -> None:
    """Measure everything."""
    settings = system.settings()
    mongo = open_client(settings.mongodb_url, operation_timeout_ms=OPERATION_TIMEOUT_MS)
    database = database_of(mongo, settings.mongodb_database)
    desk = ArchiveDesk(await connect_temporal(settings))
    async with aiohttp.ClientSession(system.api_url) as http:
        trader = await new_trader(http)
        # A busy machine lets sales overtake purchases; these are in hand by then.
        bought_first = itertools.repeat("BUY", WARM_UP)
        trader.sides = itertools.chain(bought_first, itertools.cycle(["BUY", "SELL"]))
        await paced(trader.once, WARM_UP, PACE_PER_S)
        total = await insert_old_trades(database, await user_id_of(trader), count)
        yardstick = await usual_export(database, min(count, _USUAL_COUNT))
        await asyncio.to_thread(wait_quiet, system)
        alone = [all_ - venue for all_, venue in await paced(trader.once, orders, PACE_PER_S)]
        async with watched_memory(archival_worker(system)) as memory:
            workflow_id = await start_archival(http)
            run = asyncio.create_task(ended(desk, workflow_id))
            beside = await trades_until(run, trader.once, orders)
            done = await run
    await check(database, count, total)
    mongo.close()
    client = await Client.connect(system.temporal_address)
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    tell(report, done, seconds_by_step(history), memory)
    report.rows.append(yardstick)
    compare(report, alone, beside)


async def run(count: int, orders: int, name: str) -> None:
    """Measure and write the file."""
    report = Report()
    with private_system() as system:
        await measure(system, report, count, orders)
    print(f"written to bench/results/{report.write(name).name}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench.archive", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="old trades")
    parser.add_argument("--orders", type=int, default=400, help="orders placed before it")
    parser.add_argument("--name", default="archive", help="of the file in bench/results")
    arguments = parser.parse_args()
    uvloop.run(run(arguments.count, arguments.orders, arguments.name))


if __name__ == "__main__":
    main()
