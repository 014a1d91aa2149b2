"""`python -m bench.trade`: how long a caller waits for a placed MARKET order.

The time inside the exchange call is taken out: it is the venue's. Everything runs on this
machine at once: the whole stack, the exchange and this load.
"""

import argparse
import itertools
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias

import aiohttp
import uvloop
from temporalio.client import Client
from temporalio.service import GrpcCompression

from bench.load import at_once, cpu_row, paced
from bench.report import Report, percentile
from bench.system import System, private_system
from bench.usual_shape import AHEAD, usual_trader
from bench.yardsticks import BareWorkflow, FiveActivities, Yardstick, yardstick_worker

PACE_PER_S = 10
AT_ONCE = 16
WARM_UP = 30
# What runs side by side before an order may leave, as Server-Timing names it.
PARTS = {
    "start": "beside each other: the start of the workflow, stored by Temporal",
    "reserve": "the quote, and the reservation, stored by MongoDB",
    "recall": "the look for an earlier record under this key",
}
# The goals that compare with yardsticks.
FACTOR = 5
SHARE = 0.5
_QUANTITY = 0.001
_CREATED = 201
# Milliseconds by the part that they were spent in.
Spans: TypeAlias = dict[str, float]


@dataclass(slots=True)
class Trader:
    """One signed-in user, buying and selling in turn."""

    http: aiohttp.ClientSession
    token: str
    refresh_token: str
    # Fees are taken from what is bought, and one order may overtake another: some purchases
    # ahead, so that a sale never fails.
    sides: Any = field(
        default_factory=lambda: itertools.chain(
            itertools.repeat("BUY", AHEAD), itertools.cycle(["BUY", "SELL"])
        )
    )

    async def renew(self) -> None:
        """Renew the access token, which lives for fifteen minutes."""
        body = {"refresh_token": self.refresh_token}
        async with self.http.post("/api/auth/refresh", json=body) as answer:
            answer.raise_for_status()
            signed_in = await answer.json()
        self.token, self.refresh_token = signed_in["token"], signed_in["refresh_token"]

    async def once(self) -> Spans:
        """Place one order; return the milliseconds of its parts, and of it all as `caller`."""
        order = {
            "symbol": "BTCUSDT",
            "side": next(self.sides),
            "type": "MARKET",
            "quantity": _QUANTITY,
        }
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())}
        began = perf_counter()
        async with self.http.post("/api/trades/execute", json=order, headers=headers) as answer:
            body = await answer.read()
        caller_ms = (perf_counter() - began) * 1000
        if answer.status != _CREATED:
            raise RuntimeError(f"{answer.status}: {body.decode()}")
        parts = re.findall(r"(\w+);dur=([\d.]+)", answer.headers["Server-Timing"])
        return {"caller": caller_ms} | {name: float(ms) for name, ms in parts}


def net(spans: Spans) -> float:
    """Return what a caller waits, less the time inside the exchange call."""
    return spans["caller"] - spans["venue"]


async def new_trader(http: aiohttp.ClientSession) -> Trader:
    """Register a user."""
    person = {
        "email": f"{uuid.uuid4().hex}@example.com",
        "password": uuid.uuid4().hex,
        "full_name": "Bench",
    }
    async with http.post("/api/auth/register", json=person) as answer:
        answer.raise_for_status()
        signed_in = await answer.json()
    return Trader(http, signed_in["token"], signed_in["refresh_token"])


async def user_id_of(trader: Trader) -> str:
    """Return the id of a trader's user."""
    headers = {"Authorization": f"Bearer {trader.token}"}
    async with trader.http.get("/api/auth/me", headers=headers) as answer:
        answer.raise_for_status()
        return str((await answer.json())["id"])


async def measure_trades(
    system: System, http: aiohttp.ClientSession, report: Report, n: int
) -> None:
    """Measure trades paced and at once."""
    traders = [await new_trader(http) for _ in range(AT_ONCE)]
    await paced(traders[0].once, WARM_UP, PACE_PER_S)
    before = system.cpu_s()
    times = await paced(traders[0].once, n, PACE_PER_S)
    cpu = cpu_row(before, system.cpu_s(), n)
    waits = [net(spans) for spans in times]
    report.row(f"trade, paced {PACE_PER_S}/s, less the exchange call", waits, **cpu)
    profile(report, times)
    for name, limit, percent in (("p50", 10, 50), ("p95", 20, 95), ("p99", 50, 99)):
        value = percentile(waits, percent)
        report.goal(f"trade {name}, paced", f"< {limit} ms", value, met=value < limit)
    await at_once([trader.once for trader in traders], AT_ONCE * 2)
    before = system.cpu_s()
    times, per_s = await at_once([trader.once for trader in traders], n)
    cpu = cpu_row(before, system.cpu_s(), n)
    report.row(
        f"trade, {AT_ONCE} at once, less the exchange call",
        [net(spans) for spans in times],
        per_s=round(per_s, 1),
        **cpu,
    )


def profile(report: Report, times: Sequence[Spans]) -> None:
    """Add where the time goes: before the exchange three things run side by side."""
    report.row("  of which until all is stored and the order may leave", [*map(_stored, times)])
    for part, what in PARTS.items():
        report.row(f"    {what}", [spans[part] for spans in times])
    rest = [net(spans) - _stored(spans) for spans in times]
    report.row("  of which the rest: HTTP, sign-in, validation, answer", rest)
    report.row("  the exchange call alone", [spans["venue"] for spans in times])
    report.row("  the same, exchange call included", [spans["caller"] for spans in times])


def _stored(spans: Spans) -> float:
    return max(spans[part] for part in PARTS)


async def measure_usual_shape(
    system: System, http: aiohttp.ClientSession, report: Report, n: int
) -> None:
    """Measure the same trade in five ordinary activities."""
    user_id = await user_id_of(await new_trader(http))
    async with usual_trader(system.settings(), user_id) as trader:
        await paced(trader.once, WARM_UP // 2, PACE_PER_S)
        name = f"yardstick: the same trade as five activities, paced {PACE_PER_S}/s"
        report.row(name, await paced(trader.once, n // 2, PACE_PER_S))


async def measure_yardsticks(client: Client, report: Report, n: int) -> None:
    """Measure the bare workflow and the five empty activities, in the same way."""
    async with yardstick_worker(client):
        shapes = (("bare workflow", BareWorkflow), ("five empty activities", FiveActivities))
        for name, shape in shapes:
            yardstick = Yardstick(client, shape)
            await paced(yardstick.once, WARM_UP // 2, PACE_PER_S)
            report.row(
                f"yardstick: {name}, paced {PACE_PER_S}/s",
                await paced(yardstick.once, n // 2, PACE_PER_S),
            )
            times, per_s = await at_once([yardstick.once] * AT_ONCE, n)
            report.row(f"yardstick: {name}, {AT_ONCE} at once", times, per_s=round(per_s, 1))
        starts = await paced(Yardstick(client, BareWorkflow).start, n // 2, PACE_PER_S)
        report.row("yardstick: an eager start alone, nothing beside it", starts)


def compare(report: Report) -> None:
    """Add the goals that compare with the yardsticks."""
    by_name = {row["name"]: row for row in report.rows}
    trade = by_name[f"trade, paced {PACE_PER_S}/s, less the exchange call"]
    for what in ("the same trade as five activities", "five empty activities"):
        usual = by_name[f"yardstick: {what}, paced {PACE_PER_S}/s"]
        factor = usual["p50_ms"] / trade["p50_ms"]
        report.goal(f"times faster than {what}, p50", ">= 5", factor, met=factor >= FACTOR)
    bare = by_name[f"yardstick: bare workflow, {AT_ONCE} at once"]
    loaded = by_name[f"trade, {AT_ONCE} at once, less the exchange call"]
    share = loaded["per_s"] / bare["per_s"]
    name = f"throughput at {AT_ONCE} at once, of the bare workflow's"
    report.goal(name, ">= 0.5", share, met=share >= SHARE)


async def count_starts(http: aiohttp.ClientSession, report: Report) -> None:
    """Add how many workflow starts were eager, and how many fell back."""
    async with http.get("/metrics") as answer:
        text = await answer.text()
    found = dict(re.findall(r'botcore_trade_starts_total\{eager="(\w+)"\} ([\d.]+)', text))
    eager, fallen = (int(float(found.get(key, 0))) for key in ("true", "false"))
    report.rows.append({"name": f"starts: {eager} eager, {fallen} not", "n": eager + fallen})
    report.goal("starts that were not eager", "0", fallen, met=fallen == 0)


async def run(count: int, name: str) -> None:
    """Measure everything and write the file."""
    report = Report()
    with private_system() as system:
        async with aiohttp.ClientSession(system.api_url) as http:
            await measure_trades(system, http, report, count)
            await count_starts(http, report)
            await measure_usual_shape(system, http, report, count)
        client = await Client.connect(
            system.temporal_address, grpc_compression=GrpcCompression.NONE
        )
        await measure_yardsticks(client, report, count)
    compare(report)
    print(f"written to bench/results/{report.write(name).name}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench.trade", description=__doc__)
    parser.add_argument("--count", type=int, default=400, help="orders in each measurement")
    parser.add_argument("--name", default="trade", help="of the file in bench/results")
    arguments = parser.parse_args()
    uvloop.run(run(arguments.count, arguments.name))


if __name__ == "__main__":
    main()
