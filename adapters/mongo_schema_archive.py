"""Schemas of what records become when they leave their hot collections."""

from adapters.mongo_schema_parts import (
    DATE,
    DOWN,
    OBJECT,
    TEXT,
    UP,
    WHOLE,
    CollectionSchema,
    closed,
    index,
    nullable,
    one_of,
    open_ended,
)
from domain.archival.manifests import ManifestState
from domain.archival.tiers import DataType

# As few as their readers need: each is written once more whenever a record comes or goes.
_READ_BY = {
    DataType.TRADES: (index(("user_id", UP), ("created_at", DOWN), ("_id", DOWN)),),
    # Unique, as the hot ones are: a candle that was made again is not archived twice.
    DataType.CANDLES: (index(("symbol", UP), ("timeframe", UP), ("open_time", UP), unique=True),),
    DataType.AI_ANALYSIS: (index(("user_ids", UP), ("created_at", DOWN), ("_id", DOWN)),),
    DataType.USER_ACTIVITY: (index(("user_id", UP), ("timestamp", DOWN)),),
    DataType.SYSTEM_LOGS: (),
}


def _aged(data_type: DataType) -> CollectionSchema:
    """Describe records that keep the shape they had, whatever it was, and their time."""
    time = data_type.time_field
    return CollectionSchema(open_ended({time: DATE}), (index((time, UP)), *_READ_BY[data_type]))


_MANIFEST = open_ended(
    {
        "manifest_id": TEXT,
        "data_type": one_of([str(each) for each in DataType]),
        "month": TEXT,
        "part": WHOLE,
        "state": one_of([str(state) for state in ManifestState]),
        "bucket": TEXT,
        "created_at": DATE,
        "updated_at": DATE,
        "contents": nullable(OBJECT),
        "left_count": WHOLE,
    }
)

ARCHIVE_SCHEMAS: dict[str, CollectionSchema] = {
    **{each.archive: _aged(each) for each in DataType},
    **{each.restored: _aged(each) for each in DataType},
    "archive_manifests": CollectionSchema(
        _MANIFEST,
        (
            index(("created_at", DOWN), ("_id", DOWN)),
            index(("data_type", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("data_type", UP), ("month", UP), ("part", DOWN), unique=True),
            # What is in cold storage of a time, and what is unfinished.
            index(("data_type", UP), ("state", UP), ("contents.first_time", UP)),
        ),
    ),
    "archive_restores": CollectionSchema(
        closed({"data_type": TEXT, "since": DATE, "until": DATE, "report": OBJECT}),
        (index(("data_type", UP)),),
    ),
}
