"""Pages in MongoDB by position, so that a page costs the same wherever it begins."""

from adapters.mongo import Document
from domain.paging import PagePosition


def older_than(position: PagePosition | None, time_field: str) -> Document:
    """Return the filter for a list sorted by `{time_field: -1, _id: -1}` after `position`."""
    if position is None:
        return {}
    return {
        "$or": [
            {time_field: {"$lt": position.moment}},
            {time_field: position.moment, "_id": {"$lt": position.identifier}},
        ]
    }
