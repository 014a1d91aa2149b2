"""Schemas of notifications, their settings, and their way out."""

from pymongo import IndexModel

from adapters.mongo_schema_parts import (
    DATE,
    DOWN,
    OBJECT,
    OBJECTS,
    STRING,
    STRINGS,
    TEXT,
    UP,
    WHOLE,
    CollectionSchema,
    expiring,
    index,
    nullable,
    one_of,
    open_ended,
)

NOTIFICATION_SCHEMAS: dict[str, CollectionSchema] = {
    # One document for what one user is told of one event; `_id` follows from both.
    "notifications": CollectionSchema(
        open_ended(
            {
                "user_id": TEXT,
                "event": TEXT,
                "title": TEXT,
                "body": STRING,
                "path": STRING,
                "data": OBJECT,
                "happened_at": DATE,
                "created_at": DATE,
                "read_at": nullable(DATE),
                "expires_at": DATE,
            }
        ),
        (
            index(("user_id", UP), ("created_at", DOWN), ("_id", DOWN)),
            index(("user_id", UP), ("read_at", UP), ("created_at", DOWN), ("_id", DOWN)),
            expiring("expires_at"),
        ),
    ),
    # The outbox: one document for a notification, or a digest, on its way to one target.
    "notification_deliveries": CollectionSchema(
        open_ended(
            {
                "user_id": TEXT,
                "target_id": TEXT,
                "notification_id": nullable(TEXT),
                "state": one_of(["DUE", "HELD", "GATHERED", "DELIVERED", "FAILED", "DROPPED"]),
                "due_at": DATE,
                "leased_until": DATE,
                "attempts": WHOLE,
                "created_at": DATE,
                "expires_at": DATE,
            },
            detail=STRING,
            lease=TEXT,
            # As it was, sealed: where it goes although it may be off or gone by now.
            target=OBJECT,
            digest_id=TEXT,
            gathered_at=DATE,
            finished_at=DATE,
        ),
        (
            # With the user in it, those who have enough under way are passed over without a look
            # at their documents, however many they have.
            index(("state", UP), ("due_at", UP), ("user_id", UP)),
            # Few deliveries ever wait for a digest: the others cost nothing here.
            IndexModel(
                [("target_id", UP), ("due_at", UP)],
                name="held",
                partialFilterExpression={"state": "HELD"},
            ),
            IndexModel(
                [("digest_id", UP)],
                name="members",
                partialFilterExpression={"digest_id": {"$exists": True}},
            ),
            index(("user_id", UP), ("created_at", DOWN), ("_id", DOWN)),
            expiring("expires_at"),
        ),
    ),
    # How many went out in a minute; `_id` is user and minute.
    "notification_rates": CollectionSchema(
        open_ended({"expires_at": DATE}), (expiring("expires_at"),)
    ),
    # One document a user; `_id` is the user's id. Addresses and secrets are sealed.
    "notification_settings": CollectionSchema(
        open_ended(
            {
                "version": WHOLE,
                "events": STRINGS,
                "targets": OBJECTS,
                "quiet_hours": nullable(OBJECT),
                "digest": nullable(OBJECT),
                "updated_at": DATE,
            }
        )
    ),
}
