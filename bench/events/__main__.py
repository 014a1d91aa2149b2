"""`python -m bench.events`: the event bus, the services behind it, and the way to a person.

Everything runs on this machine at once: what is measured, its servers and this load.
"""

import argparse
from collections.abc import Collection

import uvloop

from bench.events.draining import measure_draining
from bench.events.end_to_end import measure_notifying
from bench.events.publishing import measure_publishing
from bench.events.stage import private_stage
from bench.report import Report

MIN_TRADES = 40
PARTS = ("publish", "drain", "notify")


async def run(parts: Collection[str], count: int, name: str) -> None:
    """Measure and write the file."""
    report = Report()
    if {"publish", "drain"} & set(parts):
        async with private_stage() as stage:
            if "publish" in parts:
                await measure_publishing(stage, report, count // 10)
            if "drain" in parts:
                await measure_draining(stage, report, count)
    if "notify" in parts:
        await measure_notifying(report, max(count // 50, MIN_TRADES))
    print(f"written to bench/results/{report.write(name).name}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench.events", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--count", type=int, default=20_000, help="events in a backlog")
    parser.add_argument("--name", default="events", help="of the file in bench/results")
    arguments = parser.parse_args()
    uvloop.run(run(arguments.only, arguments.count, arguments.name))


if __name__ == "__main__":
    main()
