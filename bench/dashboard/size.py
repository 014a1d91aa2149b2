"""What a first visit to every page costs on the wire."""

from api.dashboard import DIST
from bench.report import Report

LIMIT_KB = 300


def measure_size(report: Report) -> None:
    """Add up what was built, gzipped."""
    files = sorted(DIST.rglob("*.gz"))
    total_kb = sum(path.stat().st_size for path in files) / 1000
    report.rows.append(
        {"name": f"all of it gzipped: {total_kb:.1f} kB in {len(files)} files", "n": len(files)}
    )
    met = 0 < total_kb < LIMIT_KB
    report.goal("the whole dashboard, gzipped", f"< {LIMIT_KB} kB", total_kb, met=met)
