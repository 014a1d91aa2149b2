"""`python -m bench.dashboard`: the page in a headless Chromium, beside an empty page.

Everything runs on this machine at once: the browser, without a graphics card, and all servers.
"""

import argparse
from collections.abc import Collection

import uvloop

from bench.dashboard.endurance import measure_endurance
from bench.dashboard.first_paint import measure_first_paint
from bench.dashboard.size import measure_size
from bench.report import Report

PARTS = ("first-paint", "endurance", "size")


async def run(parts: Collection[str], minutes: int, name: str) -> None:
    """Measure and write the file."""
    report = Report()
    if "first-paint" in parts:
        await measure_first_paint(report)
    if "endurance" in parts:
        await measure_endurance(report, minutes)
    if "size" in parts:
        measure_size(report)
    print(f"written to bench/results/{report.write(name).name}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench.dashboard", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--minutes", type=int, default=10, help="of watching the memory")
    parser.add_argument("--name", default="dashboard", help="of the file in bench/results")
    arguments = parser.parse_args()
    uvloop.run(run(arguments.only, arguments.minutes, arguments.name))


if __name__ == "__main__":
    main()
