"""Schemas of what consumers of events keep beside what the events are about."""

from adapters.mongo_schema_parts import (
    DATE,
    DECIMAL,
    DOWN,
    TEXT,
    UP,
    WHOLE,
    CollectionSchema,
    closed,
    expiring,
    index,
)
from domain.analytics import NOTHING

_SUMS = {name: WHOLE if isinstance(zero, int) else DECIMAL for name, zero in NOTHING.items()}

EVENT_SCHEMAS: dict[str, CollectionSchema] = {
    # One document a day (UTC), symbol and model; `_id` is made of the three.
    "ai_signal_days": CollectionSchema(
        closed({"day": DATE, "symbol": TEXT, "model": TEXT, **_SUMS}),
        (
            index(("day", DOWN), ("_id", DOWN)),
            index(("symbol", UP), ("day", DOWN), ("_id", DOWN)),
            index(("day", UP), ("symbol", UP), ("model", UP), unique=True),
        ),
    ),
    # One document an event that a consumer has applied; `_id` is `<consumer>:<message_id>`.
    "event_receipts": CollectionSchema(closed({"expires_at": DATE}), (expiring("expires_at"),)),
    # One document a message that came a second time; `_id` is `<queue>:<id>`.
    "event_attempts": CollectionSchema(
        closed({"attempts": WHOLE, "expires_at": DATE}), (expiring("expires_at"),)
    ),
}
