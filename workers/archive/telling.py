"""What the command line says: reports, manifests and holds as lines of text."""

from collections.abc import Iterable, Iterator

from adapters.mongo_cold_lists import ColdTotal
from domain.archival.holds import LegalHold
from domain.archival.messages import (
    ArchivalReport,
    Progress,
    Refusal,
    RestoreReport,
    StageReport,
)

_KIB = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def archived(report: ArchivalReport) -> Iterator[str]:
    """Tell what a run did, or what a dry run would do."""
    would = "would be " if report.dry_run else ""
    yield f"{report.data_type} as of {report.as_of:%Y-%m-%d %H:%M} UTC"
    yield f"  {would}archived       {_stage(report.to_archive)}"
    yield f"  {would}put into cold  {_stage(report.to_cold)}"
    yield f"  {would}deleted        {_stage(report.deleted)}"
    yield from refusals(report.refusals)


def restored(report: RestoreReport) -> Iterator[str]:
    """Tell what came back."""
    yield (
        f"{report.documents:,} {report.data_type} of {report.since:%Y-%m-%d} to "
        f"{report.until:%Y-%m-%d} are in {report.collection}, from {report.files} files "
        f"({size(report.size_bytes)})"
    )
    if report.available_until is not None:
        yield f"  until {report.available_until:%Y-%m-%d %H:%M} UTC"
    yield from refusals(report.refusals)


def refusals(found: Iterable[Refusal]) -> Iterator[str]:
    """Tell what was left in place, and why."""
    for each in found:
        yield f"  left in place: {each.documents:,} ({each.stage}, {each.reason}): {each.detail}"


def hold(found: LegalHold) -> str:
    """Tell of one hold."""
    kind = found.data_type or "every kind"
    whose = f"of {found.user_id}" if found.user_id else "of everybody"
    since = f" from {found.since:%Y-%m-%d}" if found.since else ""
    until = f" to {found.until:%Y-%m-%d}" if found.until else ""
    return f"{found.hold_id}  {kind} {whose}{since}{until}: {found.reason}"


def at_work(workflow_id: str, progress: Progress | None) -> str:
    """Tell where a run is."""
    if progress is None:
        return f"{workflow_id}: no archival worker answers"
    total = f" of {progress.total:,}" if progress.total else ""
    rate = f", {progress.documents_per_s:,.0f}/s" if progress.documents_per_s else ""
    return f"{workflow_id}: {progress.stage}, {progress.documents:,}{total}{rate}"


def totals(found: Iterable[ColdTotal]) -> Iterator[str]:
    """Tell what there is of cold storage."""
    for each in found:
        files = f"{each.files:>6,} files {each.state:<9}"
        yield f"{each.data_type:<14}{files}{each.documents:>14,} records, {size(each.size_bytes)}"


def size(in_bytes: int) -> str:
    """Write a size for people."""
    value = float(in_bytes)
    for unit in _UNITS:
        if value < _KIB or unit == _UNITS[-1]:
            break
        value /= _KIB
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


def _stage(stage: StageReport) -> str:
    told = f"{stage.documents:>12,}"
    if stage.files:
        told += f" in {stage.files:,} files"
    if stage.size_bytes:
        told += f", {size(stage.size_bytes)}"
    if stage.seconds and stage.documents:
        told += f", {stage.documents / stage.seconds:,.0f}/s"
    return told
