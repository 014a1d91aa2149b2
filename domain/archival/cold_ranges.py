"""Which part of what somebody asked for is in cold storage, and not in the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ColdRange:
    """Times of records in cold storage, both included, and the files that they are in."""

    since: datetime
    until: datetime
    manifest_ids: tuple[str, ...]


def joined(ranges: Iterable[ColdRange], since: datetime | None = None) -> list[ColdRange]:
    """Join the ranges that overlap, oldest first, each beginning at `since` or later.

    Args:
        ranges: One a file, in any order.
        since: What is older was not asked for.
    """
    result: list[ColdRange] = []
    for each in sorted(ranges, key=lambda one: (one.since, one.manifest_ids)):
        if since is not None and each.until < since:
            continue
        if result and each.since <= result[-1].until:
            last = result[-1]
            files = last.manifest_ids + each.manifest_ids
            result[-1] = ColdRange(last.since, max(last.until, each.until), files)
        else:
            first = each.since if since is None else max(each.since, since)
            result.append(ColdRange(first, each.until, each.manifest_ids))
    return result


def cold_view(ranges: Iterable[ColdRange]) -> list[dict[str, object]]:
    """Return the interface's form."""
    return [
        {"from": each.since, "to": each.until, "manifest_ids": list(each.manifest_ids)}
        for each in ranges
    ]
