"""What each user wants to be told, and where; see `domain.notifications`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.notification_events import DEFAULT_EVENTS
from domain.notification_times import DailyAt, Digest, EveryMinutes, QuietHours
from domain.notifications import Preferences, Target, TargetKind


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """One user's document, and what follows from it; `version` 0 where there is none yet."""

    user_id: str
    version: int = 0
    events: tuple[str, ...] = DEFAULT_EVENTS
    targets: tuple[Document, ...] = ()
    quiet_hours: Document | None = None
    digest: Document | None = None
    preferences: Preferences = field(default_factory=Preferences)

    def target(self, target_id: str) -> Document | None:
        """Return one target's document."""
        return next((each for each in self.targets if each["target_id"] == target_id), None)


class MongoNotificationSettings:
    """Reads and writes `notification_settings`."""

    def __init__(self, database: Database) -> None:
        self._settings = database["notification_settings"]

    async def load(self, user_id: str) -> StoredSettings:
        """Return a user's settings; the defaults where nothing was ever set.

        Raises:
            Retryable: The store could not be reached.
        """
        return (await self.load_all([user_id]))[user_id]

    async def load_all(self, user_ids: Collection[str]) -> dict[str, StoredSettings]:
        """Return the settings of several users.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            found = await self._settings.find({"_id": {"$in": [*user_ids]}}).to_list(None)
        stored = {each["_id"]: _stored(each) for each in found}
        return {each: stored.get(each) or StoredSettings(each) for each in user_ids}

    async def replace(self, before: StoredSettings, content: Document, now: datetime) -> bool:
        """Write a user's settings, unless somebody has done so since `before` was read.

        Args:
            before: What was read.
            content: `events, targets, quiet_hours, digest`.
            now: The time.

        Returns:
            Whether they were written.

        Raises:
            Retryable: The store could not be reached.
        """
        document = {**content, "version": before.version + 1, "updated_at": now}
        try:
            with mongo_faults():
                if before.version == 0:
                    await self._settings.insert_one({"_id": before.user_id, **document})
                    return True
                written = await self._settings.replace_one(
                    {"_id": before.user_id, "version": before.version}, document
                )
        except DuplicateKeyError:
            return False
        return written.matched_count > 0

    async def count_failure(self, user_id: str, target_id: str) -> int:
        """Count a delivery that has failed; return how many have in a row.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            counted = await self._settings.find_one_and_update(
                {"_id": user_id, "targets.target_id": target_id},
                {"$inc": {"targets.$.failures": 1, "version": 1}},
                return_document=ReturnDocument.AFTER,
            )
        # Its user may have removed it meanwhile.
        target = _stored(counted).target(target_id) if counted else None
        return target["failures"] if target else 0

    async def forget_failures(self, user_id: str, target_id: str) -> None:
        """Begin to count anew: a delivery has arrived.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            await self._settings.update_one(
                {"_id": user_id, "targets.target_id": target_id},
                {"$set": {"targets.$.failures": 0}, "$inc": {"version": 1}},
            )

    async def disable(self, user_id: str, target_id: str, reason: str, now: datetime) -> None:
        """Send nothing more to a target until its user enables it again.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            await self._settings.update_one(
                {"_id": user_id, "targets.target_id": target_id},
                {
                    "$set": {
                        "targets.$.enabled": False,
                        "targets.$.disabled_reason": reason,
                        "targets.$.failures": 0,
                        "updated_at": now,
                    },
                    "$inc": {"version": 1},
                },
            )


def clock_of(text: str) -> time:
    """Read a time of the day, `HH:MM`.

    Raises:
        ValueError: It is none.
    """
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes))


def quiet_hours_of(document: Document) -> QuietHours:
    """Read quiet hours.

    Raises:
        ValueError: They make no sense, or their time zone is not known.
    """
    timezone = zone_of(document["timezone"])
    return QuietHours(clock_of(document["from"]), clock_of(document["to"]), timezone)


def digest_of(document: Document) -> Digest:
    """Read when digests are due.

    Raises:
        ValueError: It makes no sense, or its time zone is not known.
    """
    if document.get("daily_at") is None:
        return EveryMinutes(document["every_minutes"])
    return DailyAt(clock_of(document["daily_at"]), zone_of(document["timezone"]))


def zone_of(name: str) -> ZoneInfo:
    """Find a time zone by its IANA name.

    Raises:
        ValueError: There is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        # It names a file, and `..` or a directory is none.
        raise ValueError("no such time zone") from error


def _stored(document: Document) -> StoredSettings:
    return StoredSettings(
        document["_id"],
        document["version"],
        tuple(document["events"]),
        tuple(document["targets"]),
        document["quiet_hours"],
        document["digest"],
        _preferences(document),
    )


def _preferences(document: Document) -> Preferences:
    quiet, digest = document["quiet_hours"], document["digest"]
    return Preferences(
        frozenset(document["events"]),
        tuple(_target(each) for each in document["targets"]),
        None if quiet is None else quiet_hours_of(quiet),
        None if digest is None else digest_of(digest),
    )


def _target(document: dict[str, Any]) -> Target:
    events = document["events"]
    return Target(
        document["target_id"],
        TargetKind(document["kind"]),
        document["enabled"],
        None if events is None else frozenset(events),
        document["max_per_minute"],
    )
