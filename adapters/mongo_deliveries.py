"""The outbox: what is on its way to users' targets, leased by whoever sends it.

A delivery is written before its event is acknowledged, and stays until its outcome is known. A
sender that dies leaves a lease that runs out; then another one takes over. A target may so
hear of the same thing twice, under the same id, and never not at all.
"""

import asyncio
import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pymongo import ReturnDocument

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from adapters.mongo_notifications import insert_new
from adapters.mongo_paging import older_than
from domain.notifications import PlannedDelivery
from domain.paging import PagePosition
from domain.timing import DELIVERY_LEASE_S

# For how long its user can see what became of a delivery.
KEPT_FOR: Final = timedelta(days=30)
_RATE_KEPT_FOR: Final = timedelta(minutes=5)
_MINUTE: Final = 60
_DIGEST_NAMESPACE: Final = uuid.UUID("8d0f1c66-0c0c-5e6f-8a55-6f0f0f6a3c12")
_DIGESTS_AT_ONCE: Final = 200
# Leased one by one, all at once: half the way of leasing many and then reading them.
_FEW: Final = 8
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """Where a delivery stands."""

    DUE = "DUE"
    HELD = "HELD"  # waits for a digest
    GATHERED = "GATHERED"  # is part of one that is on its way
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"  # its target was removed or disabled meanwhile


class Sent(NamedTuple):
    """How much was sent in a minute: to a user's targets together, and to one of them."""

    to_user: int
    to_target: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery in our hands; `attempts` counts the one that now begins.

    `target` is there where it goes to a target as that was, whatever has become of it.
    """

    delivery_id: str
    user_id: str
    target_id: str
    notification_id: str | None
    attempts: int
    created_at: datetime
    lease: str
    leased_until: datetime
    target: Document | None = field(default=None, repr=False)

    @property
    def is_digest(self) -> bool:
        """Whether it is many notifications in one."""
        return self.notification_id is None


class MongoDeliveries:
    """Reads and writes `notification_deliveries`. Every call raises `Retryable` for an outage."""

    def __init__(self, database: Database) -> None:
        self._deliveries = database["notification_deliveries"]
        self._rates = database["notification_rates"]

    async def add(
        self,
        planned: Sequence[PlannedDelivery],
        now: datetime,
        targets: Mapping[str, Document] | None = None,
    ) -> None:
        """Put deliveries into the outbox; those that are in it already stay as they are.

        What goes to one of `targets`, by their ids, goes there whatever becomes of them.
        """
        kept = {each: {"target": target} for each, target in (targets or {}).items()}
        documents = [{**_document(each, now), **kept.get(each.target_id, {})} for each in planned]
        await insert_new(self._deliveries, documents)

    async def due(self, now: datetime, without: Collection[str], limit: int) -> list[Document]:
        """Return `_id` and `user_id` of what nobody sends yet, the longest due first.

        Args:
            now: The time.
            without: Users who have enough under way.
            limit: How many at most.
        """
        condition: Document = {
            "state": State.DUE,
            "due_at": {"$lte": now},
            "leased_until": {"$lte": now},
        }
        if without:
            condition["user_id"] = {"$nin": [*without]}
        cursor = self._deliveries.find(condition, {"user_id": True}).sort("due_at")
        with mongo_faults():
            return await cursor.to_list(limit)

    async def lease(self, delivery_ids: Sequence[str], now: datetime) -> list[Delivery]:
        """Take deliveries into our hands; others may have been faster with some of them."""
        lease = secrets.token_hex(8)
        free = {"state": State.DUE, "leased_until": {"$lte": now}}
        until = now + timedelta(seconds=DELIVERY_LEASE_S)
        take = {"$set": {"lease": lease, "leased_until": until}, "$inc": {"attempts": 1}}
        after = ReturnDocument.AFTER
        with mongo_faults():
            if len(delivery_ids) <= _FEW:
                takes = (
                    self._deliveries.find_one_and_update(
                        {"_id": each, **free}, take, return_document=after
                    )
                    for each in delivery_ids
                )
                taken: list[Document | None] = await asyncio.gather(*takes)
                return [_delivery(each) for each in taken if each is not None]
            among = {"_id": {"$in": [*delivery_ids]}}
            await self._deliveries.update_many({**among, **free}, take)
            found = await self._deliveries.find({**among, "lease": lease}).to_list(None)
        return [_delivery(each) for each in found]

    async def finish(self, delivery: Delivery, state: State, detail: str, now: datetime) -> None:
        """Write down what became of a delivery, and of what is told in it."""
        outcome = {"state": state, "detail": detail, "finished_at": now}
        with mongo_faults():
            if delivery.is_digest:
                await self._deliveries.update_many(
                    {"digest_id": delivery.delivery_id}, {"$set": outcome}
                )
            # An address that its user has removed is not kept any longer than that.
            change = {"$set": outcome, "$unset": {"target": ""}}
            await self._deliveries.update_one(_held_by(delivery), change)

    async def again(
        self,
        delivery: Delivery,
        state: State,
        due_at: datetime,
        detail: str,
        *,
        fresh: bool = False,
    ) -> None:
        """Put a delivery back: for another attempt, or HELD for a digest.

        Args:
            delivery: What is in our hands.
            state: DUE or HELD.
            due_at: When it is taken up again.
            detail: Why.
            fresh: Whether this attempt does not count.
        """
        wait = {"state": state, "due_at": due_at, "leased_until": _NEVER, "detail": detail}
        change: Document = {"$set": wait}
        if fresh:
            change["$inc"] = {"attempts": -1}
        with mongo_faults():
            await self._deliveries.update_one(_held_by(delivery), change)

    async def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Let others send at once what we took and did not finish."""
        with mongo_faults():
            for each in deliveries:
                await self._deliveries.update_one(
                    # What was put back already, and was cancelled after that, counts once.
                    {**_held_by(each), "state": State.DUE, "leased_until": {"$gt": _NEVER}},
                    {"$set": {"leased_until": _NEVER}, "$inc": {"attempts": -1}},
                )

    async def open_digests(self, now: datetime) -> int:
        """Make a digest for each target that has one due; return how many."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"state": State.HELD, "due_at": {"$lte": now}}},
            {
                "$group": {
                    "_id": "$target_id",
                    "user_id": {"$first": "$user_id"},
                    "first": {"$min": "$_id"},
                }
            },
            {"$limit": _DIGESTS_AT_ONCE},
        ]
        with mongo_faults():
            found = await self._deliveries.aggregate(pipeline).to_list(None)
        await insert_new(self._deliveries, [_digest(each, now) for each in found])
        return len(found)

    async def gather(
        self, digest: Delivery, now: datetime, limit: int
    ) -> tuple[list[Document], int]:
        """Return what a digest tells: the newest deliveries in it, and how many there are.

        Of each there is `notification_id` and `created_at`.

        What it tells is settled at its first attempt, and is the same at the others.
        """
        identity = {"_id": digest.delivery_id}
        with mongo_faults():
            settled = await self._deliveries.find_one(
                {**identity, "gathered_at": {"$exists": True}}
            )
            if settled is None:
                await self._deliveries.update_many(
                    {"target_id": digest.target_id, "state": State.HELD, "due_at": {"$lte": now}},
                    {"$set": {"state": State.GATHERED, "digest_id": digest.delivery_id}},
                )
                await self._deliveries.update_one(identity, {"$set": {"gathered_at": now}})
            members = {"digest_id": digest.delivery_id}
            count = await self._deliveries.count_documents(members)
            cursor = self._deliveries.find(members, {"notification_id": True, "created_at": True})
            newest = await cursor.sort([("created_at", -1), ("_id", -1)]).to_list(limit)
        return newest, count

    async def count_sent(self, user_id: str, target_id: str, now: datetime) -> Sent:
        """Count one more in this minute; return how many there were."""
        minute = int(now.timestamp()) // _MINUTE
        with mongo_faults():
            counted = await self._rates.find_one_and_update(
                {"_id": f"{user_id}:{minute}"},
                {
                    "$inc": {"sent": 1, f"targets.{target_id}": 1},
                    "$setOnInsert": {"expires_at": now + _RATE_KEPT_FOR},
                },
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return Sent(counted["sent"], counted["targets"][target_id])

    async def page(
        self, user_id: str, *, position: PagePosition | None, limit: int
    ) -> list[Document]:
        """Return a user's deliveries, newest first."""
        condition = {"user_id": user_id, **older_than(position, "created_at")}
        cursor = self._deliveries.find(condition)
        with mongo_faults():
            return await cursor.sort([("created_at", -1), ("_id", -1)]).to_list(limit)


def _held_by(delivery: Delivery) -> Document:
    # Whoever was too slow must not overwrite what another sender has found out since.
    return {"_id": delivery.delivery_id, "lease": delivery.lease}


def _document(planned: PlannedDelivery, now: datetime) -> Document:
    return {
        "_id": planned.delivery_id,
        "user_id": planned.user_id,
        "target_id": planned.target_id,
        "notification_id": planned.notification_id,
        "state": State.HELD if planned.is_held else State.DUE,
        "due_at": planned.due_at,
        "leased_until": _NEVER,
        "attempts": 0,
        "created_at": now,
        "expires_at": now + KEPT_FOR,
    }


def _digest(found: Document, now: datetime) -> Document:
    # The same for every sender that finds it due, and never that of an earlier digest: what
    # was the first in one is gathered and cannot be the first in another.
    identity = str(uuid.uuid5(_DIGEST_NAMESPACE, found["first"]))
    planned = PlannedDelivery(
        identity, "", found["user_id"], found["_id"], is_held=False, due_at=now
    )
    return {**_document(planned, now), "notification_id": None}


def _delivery(document: Document) -> Delivery:
    return Delivery(
        document["_id"],
        document["user_id"],
        document["target_id"],
        document["notification_id"],
        document["attempts"],
        document["created_at"],
        document["lease"],
        document["leased_until"],
        document.get("target"),
    )
