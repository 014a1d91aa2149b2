"""`python -m bench.paper`: how long a paper trade takes, how real it is, and for how long."""

import argparse

import aiohttp
import uvloop

from bench.load import cpu_row, paced
from bench.paper.owner import new_owner
from bench.paper.realism import measure_realism
from bench.paper.soak import measure_soak
from bench.report import Report, percentile
from bench.system import System, private_system

PACE_PER_S = 5
WARM_UP = 20
GOAL_MS = 30


async def measure_latency(
    system: System, http: aiohttp.ClientSession, report: Report, count: int
) -> None:
    """Measure MARKET orders of one session at a pace."""
    owner = await new_owner(http)
    await owner.stock()
    await paced(owner.once, WARM_UP, PACE_PER_S)
    before = system.cpu_s()
    times = await paced(owner.once, count, PACE_PER_S)
    cpu = cpu_row(before, system.cpu_s(), count)
    report.row(f"paper trade, one session, {PACE_PER_S}/s", times, **cpu)
    value = percentile(times, 95)
    report.goal("paper trade p95, 5/s", f"< {GOAL_MS} ms", value, met=value < GOAL_MS)


async def measure(system: System, orders: int, soak: int) -> Report:
    """Measure everything."""
    report = Report()
    async with aiohttp.ClientSession(system.api_url) as http:
        await measure_latency(system, http, report, orders // 2)
        await measure_realism(system, http, report, orders)
        await measure_soak(system, http, report, soak)
    return report


def main() -> None:
    """Measure and write `bench/results/paper.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500, help="orders that are compared")
    parser.add_argument("--soak", type=int, default=20_000, help="trades of the long session")
    chosen = parser.parse_args()
    with private_system() as system:
        report = uvloop.run(measure(system, chosen.orders, chosen.soak))
    report.write("paper")


if __name__ == "__main__":
    main()
