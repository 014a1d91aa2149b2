"""A session that trades for long: its runs stay small, and it forgets nothing."""

import asyncio
from collections import defaultdict
from decimal import ROUND_FLOOR, Decimal

import aiohttp
from temporalio.client import Client

from adapters.mongo import database_of, open_client
from bench.load import at_once, cpu_row
from bench.paper.owner import Owner, new_owner
from bench.report import Report
from bench.system import System
from domain.paper.views import session_workflow_id
from workers.temporal import connect_temporal

AT_ONCE = 4
# So many keys of all ages are used again.
REPEATS = 200
MEBIBYTE = 2**20
LARGEST_RUN_MIB = 4
DEPOSIT = 100_000
# A session refuses what comes too fast for its owner's limits: 6,000 orders a minute.
NO_LIMIT = {"max_orders_per_minute": 60_000}
PATIENCE_S = 60.0
POLL_INTERVAL_S = 0.2
_UNIT = Decimal("1e-8")


async def measure_soak(
    system: System, http: aiohttp.ClientSession, report: Report, count: int
) -> None:
    """Place `count` orders as fast as one session takes them, and check everything."""
    owner = await new_owner(http, NO_LIMIT, initial_balance=DEPOSIT)
    await owner.execute(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=Decimal("0.1"))
    numbers = iter(range(count))
    told: dict[str, str] = {}

    async def once() -> None:
        number = next(numbers)
        side = ("SELL", "BUY")[number % 2]
        key = f"soak-{number}"
        trade = await owner.execute(
            key, symbol="BTCUSDT", side=side, type="MARKET", quantity=Decimal("0.001")
        )
        told[key] = trade["trade_id"]

    before = system.cpu_s()
    _, per_s = await at_once([once] * AT_ONCE, count)
    cpu = cpu_row(before, system.cpu_s(), count)
    forgotten = await _forgotten(owner, told, count)
    client = await connect_temporal(system.settings())
    sizes = await _sizes(client, owner.session_id)
    largest = max(sizes) / MEBIBYTE
    off = await _off(system, owner, count + 1)
    report.rows.append(
        {
            "name": f"one session, {count} trades, {AT_ONCE} at once: {len(sizes)} runs, "
            f"the largest history {largest:.2f} MiB",
            "n": count,
            "per_s": round(per_s, 1),
            "runs": len(sizes),
            "largest_history_bytes": max(sizes),
            **cpu,
        }
    )
    goal = f"< {LARGEST_RUN_MIB} MiB"
    report.goal("largest history of a run", goal, largest, met=largest < LARGEST_RUN_MIB)
    report.goal(f"of {REPEATS} old keys forgotten", "0", forgotten, met=not forgotten)
    report.goal("balances that differ from the records", "0", off, met=not off)


async def _forgotten(owner: Owner, told: dict[str, str], count: int) -> int:
    forgotten = 0
    for number in range(0, count, max(1, count // REPEATS)):
        key = f"soak-{number}"
        again = await owner.execute(
            key,
            symbol="BTCUSDT",
            side=("SELL", "BUY")[number % 2],
            type="MARKET",
            quantity=Decimal("0.001"),
        )
        forgotten += again["trade_id"] != told[key]
    return forgotten


async def _sizes(client: Client, session_id: str) -> list[int]:
    query = f"WorkflowId = '{session_workflow_id(session_id)}'"
    handle = client.get_workflow_handle(session_workflow_id(session_id))
    last = (await handle.describe()).raw_description.workflow_execution_info.history_size_bytes
    async with asyncio.timeout(PATIENCE_S):
        while True:
            runs = [each async for each in client.list_workflows(query)]
            sizes = [each.raw_info.history_size_bytes for each in runs]
            # A run that is listed as ended tells its size; the last one is asked.
            if sizes and sum(size == 0 for size in sizes) <= 1:
                return [size or last for size in sizes]
            await asyncio.sleep(POLL_INTERVAL_S)


async def _off(system: System, owner: Owner, count: int) -> int:
    """Count the session's balances from its `count` records alone; return how many differ."""
    settings = system.settings()
    mongo = open_client(settings.mongodb_url)
    held: defaultdict[str, Decimal] = defaultdict(Decimal, USDT=Decimal(DEPOSIT))
    portfolio = await owner.call("GET", f"/sessions/{owner.session_id}")
    condition = {"session_id": owner.session_id}
    try:
        trades = database_of(mongo, settings.mongodb_database)["paper_trades"]
        async with asyncio.timeout(PATIENCE_S):
            while await trades.count_documents(condition) < count:  # noqa: ASYNC110 - asked
                await asyncio.sleep(POLL_INTERVAL_S)
        async for trade in trades.find(condition):
            sign = 1 if trade["side"] == "BUY" else -1
            for fill in trade["fills"]:
                cost = (fill["price"] * fill["quantity"]).quantize(_UNIT, ROUND_FLOOR)
                held[trade["base_asset"]] += sign * fill["quantity"]
                held[trade["quote_asset"]] -= sign * cost
                held[fill["commission_asset"]] -= fill["commission"]
    finally:
        mongo.close()
    return sum(held[each["asset"]] != each["total"] for each in portfolio["balances"])
