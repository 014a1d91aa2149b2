"""Rows, goals, and the file and the table that they become."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
README = RESULTS.parent.parent / "README.md"
_COLUMNS = ("n", "p50_ms", "p95_ms", "p99_ms", "per_s", "cpu_ms_per_op")


@dataclass(frozen=True, slots=True)
class Goal:
    """A number that was promised, and what came of it."""

    name: str
    goal: str
    value: float
    met: bool


@dataclass(slots=True)
class Report:
    """What one bench measured."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def row(self, name: str, times_ms: Sequence[float], **more: Any) -> dict[str, Any]:
        """Add a row of percentiles (nearest rank) and return it."""
        row = {
            "name": name,
            "n": len(times_ms),
            "p50_ms": percentile(times_ms, 50),
            "p95_ms": percentile(times_ms, 95),
            "p99_ms": percentile(times_ms, 99),
            **more,
        }
        self.rows.append(row)
        return row

    def goal(self, name: str, goal: str, value: float, *, met: bool) -> None:
        """Add a goal."""
        self.goals.append(Goal(name, goal, round(value, 2), met))

    def write(self, name: str) -> Path:
        """Write `bench/results/<name>.json` and print the table."""
        document = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": _commit(),
            "machine": {
                "cpu": _cpu_name(),
                "cores": psutil.cpu_count(),
                "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
                "load": round(self.load_before, 2),
            },
            "rows": self.rows,
            "goals": [
                {"name": g.name, "goal": g.goal, "value": g.value, "met": g.met} for g in self.goals
            ],
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps(document, indent=2) + "\n")
        self._print()
        self._show_in_readme(name, str(document["measured_at"]))
        return path

    def _show_in_readme(self, name: str, measured_at: str) -> None:
        """Put the table between the README's marks, where it has them."""
        begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
        text = README.read_text()
        if begin not in text or end not in text:
            return
        before, rest = text.split(begin, 1)
        after = rest.split(end, 1)[1]
        shown = "\n".join([*self._markdown(), "", f"Measured at {measured_at}."])
        README.write_text(f"{before}{begin}\n{shown}\n{end}{after}")

    def _markdown(self) -> list[str]:
        head = ["| what | " + " | ".join(_COLUMNS) + " |", "|---" + "|--:" * len(_COLUMNS) + "|"]
        rows = [
            f"| {row['name'].strip()} | "
            + " | ".join(_cell(row.get(column)) for column in _COLUMNS)
            + " |"
            for row in self.rows
        ]
        goals = ["", "| goal | wanted | measured | met |", "|---|--:|--:|---|"]
        goals += [
            f"| {g.name} | {g.goal} | {g.value:g} | {'yes' if g.met else '**no**'} |"
            for g in self.goals
        ]
        return head + rows + goals

    def _print(self) -> None:
        console = Console()
        table = Table("what", *_COLUMNS)
        for row in self.rows:
            table.add_row(row["name"], *(_cell(row.get(column)) for column in _COLUMNS))
        console.print(table)
        goals = Table("goal", "wanted", "measured", "met")
        for goal in self.goals:
            goals.add_row(goal.name, goal.goal, f"{goal.value:g}", "yes" if goal.met else "NO")
        console.print(goals)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return round(ordered[rank - 1], 2)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _commit() -> str:
    git = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - the developer's own git
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip()


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
