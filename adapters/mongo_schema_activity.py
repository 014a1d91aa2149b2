"""The schema of what people did."""

from adapters.mongo_schema_parts import (
    DATE,
    DOWN,
    OBJECT,
    STRING,
    TEXT,
    UP,
    CollectionSchema,
    index,
    open_ended,
)

# As `domain.activity.activity_record` writes it.
ACTIVITY_SCHEMAS: dict[str, CollectionSchema] = {
    "user_activity": CollectionSchema(
        open_ended(
            {
                "activity_id": TEXT,
                "kind": TEXT,
                "user_id": TEXT,
                "timestamp": DATE,
                "address": STRING,
                "user_agent": STRING,
                "request_id": STRING,
                "details": OBJECT,
            }
        ),
        (
            index(("user_id", UP), ("timestamp", DOWN), ("_id", DOWN)),
            index(("user_id", UP), ("kind", UP), ("timestamp", DOWN), ("_id", DOWN)),
            # The archive reads everybody's, oldest first; notices read the newest of a kind.
            index(("timestamp", UP)),
            index(("kind", UP), ("timestamp", DOWN)),
        ),
    ),
}
