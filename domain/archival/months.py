"""Which months are ready to become files: objects in cold storage should be few and large."""

from collections.abc import Mapping
from datetime import datetime

from domain.archival.tiers import month_span


def due_months(
    counts: Mapping[str, int], before: datetime, file_documents: int
) -> list[tuple[str, int]]:
    """Return the months of which a file is to be written, the oldest first, with their counts.

    A month waits until all of it is old enough, so that it becomes one file; unless it has
    enough records for a whole file already, which are not kept waiting.

    Args:
        counts: How many records of each month are old enough.
        before: Since when on they are not.
        file_documents: How many a file has at most.
    """
    return [
        (month, count)
        for month, count in sorted(counts.items())
        if count and (month_span(month)[1] <= before or count >= file_documents)
    ]
