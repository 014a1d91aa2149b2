"""`python -m bench.archive`: a million old trades into cold storage, beside people who trade.

The whole stack runs on this machine, the storage and this load included. The same trades are
placed before and while the archive works, so that its neighbours' delay can be told.
"""

import argparse
import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import aiohttp
import psutil
import uvloop
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from adapters.mongo import Database, database_of, open_client
from bench.archive_load import OLD_SPAN, insert_old_trades, usual_export
from bench.load import paced
from bench.report import Report
from bench.system import System, private_system, wait_quiet
from bench.trade import PACE_PER_S, WARM_UP, Spans, Trader, net, new_trader, user_id_of
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
# An access token lives for fifteen minutes.
_RENEW_EVERY_S = 300
_USUAL_COUNT = 50_000
_STEPS = {
    "move_to_archive": "hot → archive",
    "store_file": "archive read, file written and uploaded",
    "prove_file": "file read back, proven, frozen",
    "remove_stored": "removed from the archive",
}

# When an order was placed, and how long its caller waited, in milliseconds.
Placed = tuple[datetime, float]


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


@dataclass(frozen=True, slots=True)
class Step:
    """One activity of the run."""

    name: str
    began: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        """How long it took, its way to the worker included."""
        return (self.ended - self.began).total_seconds()


def steps_of(history: WorkflowHistory) -> list[Step]:
    """Return the activities of a run."""
    begun: dict[int, tuple[str, datetime]] = {}
    steps = []
    for event in history.events:
        at = event.event_time.ToDatetime(UTC)
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                begun[event.event_id] = scheduled.activity_type.name, at
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                first = event.activity_task_completed_event_attributes.scheduled_event_id
                steps.append(Step(*begun[first], at))
    return steps


async def timed(once: Callable[[], Awaitable[Spans]]) -> Placed:
    """Place an order; return when it was, and its milliseconds less the exchange call."""
    at = datetime.now(UTC)
    return at, net(await once())


async def trades_until(
    done: asyncio.Task[ArchivalReport], trader: Trader, least: int
) -> list[Placed]:
    """Place orders at the pace for as long as the archive works, and at least so many."""
    once = partial(timed, trader.once)
    placed: list[Placed] = []
    for second in itertools.count():
        if done.done() and len(placed) >= least:
            break
        if second % _RENEW_EVERY_S == 0:
            await trader.renew()
        placed += await paced(once, PACE_PER_S, PACE_PER_S)
    return placed


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


def tell(report: Report, done: ArchivalReport, steps: Sequence[Step], memory: Memory) -> None:
    """Add the rows and goals of the run."""
    count = done.to_cold.documents
    seconds = {name: sum(each.seconds for each in steps if each.name == name) for name in _STEPS}
    verified_s = seconds["store_file"] + seconds["prove_file"]
    rows = [("archive → verified cold files", verified_s)]
    rows += [(f"  step: {told}", seconds[name]) for name, told in _STEPS.items()]
    rows += [("all of the run", (steps[-1].ended - steps[0].began).total_seconds())]
    for name, took in rows:
        n = done.to_archive.documents if _STEPS["move_to_archive"] in name else count
        report.rows.append(
            {"name": name, "n": n, "per_s": round(n / took), "seconds": round(took, 1)}
        )
    size_bytes = done.to_cold.size_bytes
    files = f"files of {size_bytes / _MIB:.0f} MiB in all"
    report.rows.append({"name": files, "n": done.to_cold.files, "size_bytes": size_bytes})
    rate = count / verified_s
    report.goal(
        "documents/s to verified cold files", f">= {RATE_GOAL:,}", rate, met=rate >= RATE_GOAL
    )
    peak = memory.peak_mib
    name = f"worker's memory, MiB at most, {memory.at_rest_mib:.0f} at rest"
    report.goal(name, f"< {MEMORY_GOAL_MIB}", peak, met=peak < MEMORY_GOAL_MIB)


def compare(
    report: Report, alone: Sequence[Placed], beside: Sequence[Placed], steps: Sequence[Step]
) -> None:
    """Add the trades' rows, and by how much the archive delayed them."""
    name = f"trade, paced {PACE_PER_S}/s, less the exchange call"
    calm = report.row(f"{name}, alone", [net for _, net in alone])
    busy = report.row(f"{name}, beside the archive", [net for _, net in beside])
    for step, told in _STEPS.items():
        spans = [(each.began, each.ended) for each in steps if each.name == step]
        during = [net for at, net in beside if any(began <= at < end for began, end in spans)]
        if during:
            report.row(f"  during: {told}", during)
    slowdown = busy["p95_ms"] / calm["p95_ms"]
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
        once = partial(timed, trader.once)
        alone = await paced(once, orders, PACE_PER_S)
        async with watched_memory(archival_worker(system)) as memory:
            workflow_id = await start_archival(http)
            run = asyncio.create_task(ended(desk, workflow_id))
            beside = await trades_until(run, trader, orders)
            done = await run
        await asyncio.to_thread(wait_quiet, system)
        # Once more: a machine is not the same all the time.
        alone += await paced(once, orders, PACE_PER_S)
    await check(database, count, total)
    mongo.close()
    client = await Client.connect(system.temporal_address)
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    steps = steps_of(history)
    tell(report, done, steps, memory)
    report.rows.append(yardstick)
    compare(report, alone, beside, steps)


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
