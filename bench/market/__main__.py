"""`python -m bench.market`: live markets on real processes, each beside its yardstick.

Everything runs on this machine at once: what is measured, its servers and this load.
"""

import argparse
from collections.abc import Collection

import uvloop

from bench.market.fan_out import measure_fan_out
from bench.market.pipeline import measure_pipeline
from bench.market.reads import measure_reads
from bench.market.stage import private_stage
from bench.report import Report

PARTS = ("fan-out", "pipeline", "reads")


async def run(parts: Collection[str], name: str) -> None:
    """Measure and write the file."""
    report = Report()
    for part, measure in (("fan-out", measure_fan_out), ("pipeline", measure_pipeline)):
        if part in parts:
            async with private_stage() as stage:
                await measure(stage, report)
    if "reads" in parts:
        await measure_reads(report)
    print(f"written to bench/results/{report.write(name).name}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench.market", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--name", default="market", help="of the file in bench/results")
    arguments = parser.parse_args()
    uvloop.run(run(arguments.only, arguments.name))


if __name__ == "__main__":
    main()
