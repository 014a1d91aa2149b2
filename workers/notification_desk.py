"""What the edge asks about notifications: settings, lists, tests."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from adapters.mongo import Document
from adapters.mongo_notification_settings import StoredSettings
from adapters.notification_seals import TargetAccess, TargetSeals, UnreadableSealError
from adapters.webhook_client import new_signing_secret
from domain.errors import ErrorCode, Rejected, Retryable
from domain.notifications import (
    TargetKind,
    changed_notification,
    is_quieter,
    planned_to,
    sample_notification,
)
from workers.notification_stores import NotificationStores
from workers.notification_targets import Fit, TargetCheck, UnfitAddressError

MAX_TARGETS: Final = 10
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class TargetWish:
    """A target as its user wants it; without `url`, a target that is there keeps its own."""

    name: str
    kind: TargetKind
    target_id: str | None
    url: str | None = field(repr=False)
    enabled: bool
    events: tuple[str, ...] | None
    max_per_minute: int
    rotate_secret: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """Settings after a change, and the new signing secrets by target: shown this once."""

    settings: StoredSettings
    secrets: dict[str, str] = field(repr=False)


class NotificationDesk:
    """Changes settings and sends tests.

    Args:
        stores: Where everything is kept.
        seals: What seals addresses and secrets.
        check: What tells whether something can be sent there.
    """

    def __init__(self, stores: NotificationStores, seals: TargetSeals, check: TargetCheck) -> None:
        self.stores = stores
        self._seals = seals
        self._check = check

    async def change(
        self, user_id: str, changes: dict[str, Any], wishes: Sequence[TargetWish] | None
    ) -> Changed:
        """Write what is given; the rest stays as it is.

        Args:
            user_id: Whose settings.
            changes: Any of `events, quiet_hours, digest`, as they are stored.
            wishes: The targets, those that stay included; None leaves them as they are.

        Raises:
            Rejected: `INVALID_REQUEST`, with what is wrong about which target.
            Retryable: The store could not be reached, or others changed them all the time.
        """
        fits = await self._fits(wishes or ())
        for _ in range(_TRIES):
            before = await self.stores.settings.load(user_id)
            secrets: dict[str, str] = {}
            targets = list(before.targets)
            if wishes is not None:
                targets = self._targets(before, wishes, fits, secrets)
            content = {
                "events": list(before.events),
                "quiet_hours": before.quiet_hours,
                "digest": before.digest,
                **changes,
                "targets": targets,
            }
            if await self.stores.settings.replace(before, content, datetime.now(UTC)):
                after = await self.stores.settings.load(user_id)
                await self._announce(before, after)
                return Changed(after, secrets)
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "The settings were changed meanwhile.")

    async def test(self, user_id: str, target_id: str) -> str:
        """Send a test to a target of the user's; return the id of its delivery.

        Raises:
            Rejected: `NOT_FOUND`.
            Retryable: The store could not be reached.
        """
        stored = await self.stores.settings.load(user_id)
        if stored.target(target_id) is None:
            raise Rejected(ErrorCode.NOT_FOUND, "there is no such target")
        now = datetime.now(UTC)
        notification = sample_notification(str(uuid.uuid4()), user_id, now)
        delivery = planned_to(target_id, notification, None, now)
        await self.stores.notifications.add([notification], now)
        await self.stores.deliveries.add([delivery], now)
        return delivery.delivery_id

    async def _announce(self, before: StoredSettings, after: StoredSettings) -> None:
        """Tell of what an intruder would change, in the list and at the targets as they were.

        Those are new, replaced and removed addresses, targets that are off, and fewer events.
        """
        old = {each["target_id"]: each["sealed"] for each in before.targets}
        new = {each["target_id"]: each["sealed"] for each in after.targets}
        if old == new and not is_quieter(before.preferences, after.preferences):
            return
        now = datetime.now(UTC)
        notification = changed_notification(after.version, after.user_id, now)
        told = {each["target_id"]: each for each in before.targets if each["enabled"]}
        await self.stores.deliveries.add(
            [planned_to(each, notification, None, now) for each in told], now, told
        )
        await self.stores.notifications.add([notification], now)

    async def _fits(self, wishes: Sequence[TargetWish]) -> list[Fit | None]:
        """Check every address that is given.

        Raises:
            Rejected: `INVALID_REQUEST`.
        """
        found = await asyncio.gather(*(self._fit(each) for each in wishes))
        errors = [
            {"field": f"targets.{place}.url", "message": str(each)}
            for place, each in enumerate(found)
            if isinstance(each, UnfitAddressError)
        ]
        if errors:
            raise _invalid(errors)
        return [each for each in found if not isinstance(each, UnfitAddressError)]

    async def _fit(self, wish: TargetWish) -> Fit | UnfitAddressError | None:
        if wish.url is None:
            return None
        try:
            return await self._check.fit(wish.kind, wish.url)
        except UnfitAddressError as error:
            return error

    def _targets(
        self,
        before: StoredSettings,
        wishes: Sequence[TargetWish],
        fits: Sequence[Fit | None],
        secrets: dict[str, str],
    ) -> list[Document]:
        targets = []
        errors = []
        seen: set[str] = set()
        for place, (wish, fit) in enumerate(zip(wishes, fits, strict=True)):
            old = before.target(wish.target_id) if wish.target_id else None
            complaint = _complaint(wish, old, fit, seen) or self._unreadable(before, old, wish)
            if complaint is not None:
                errors.append({"field": f"targets.{place}.{complaint[0]}", "message": complaint[1]})
                continue
            seen.add(wish.target_id or "")
            targets.append(self._target(before.user_id, wish, old, fit, secrets))
        if errors:
            raise _invalid(errors)
        return targets

    def _target(
        self,
        user_id: str,
        wish: TargetWish,
        old: Document | None,
        fit: Fit | None,
        secrets: dict[str, str],
    ) -> Document:
        target_id = old["target_id"] if old else str(uuid.uuid4())
        sealed = old["sealed"] if old else {}
        if fit is not None or wish.rotate_secret:
            access = self._access(user_id, old) or TargetAccess("")
            secret = access.signing_secret
            if wish.kind is TargetKind.WEBHOOK and (not secret or wish.rotate_secret):
                secret = secrets[target_id] = new_signing_secret()
            url = access.url if fit is None else fit.url
            sealed = self._seals.seal(user_id, target_id, TargetAccess(url, secret))
        return {
            "target_id": target_id,
            "name": wish.name,
            "kind": str(wish.kind),
            "address": fit.shown if fit else old["address"] if old else "",
            "enabled": wish.enabled,
            "disabled_reason": None if wish.enabled or not old else old["disabled_reason"],
            "events": None if wish.events is None else list(wish.events),
            "max_per_minute": wish.max_per_minute,
            "created_at": old["created_at"] if old else datetime.now(UTC),
            "sealed": sealed,
        }

    def _access(self, user_id: str, target: Document | None) -> TargetAccess | None:
        if target is None:
            return None
        try:
            return self._seals.open(user_id, target["target_id"], target["sealed"])
        except UnreadableSealError:
            return None

    def _unreadable(
        self, before: StoredSettings, old: Document | None, wish: TargetWish
    ) -> tuple[str, str] | None:
        if old is None or wish.url is not None or not wish.rotate_secret:
            return None
        if self._access(before.user_id, old) is None:
            return "url", "its address cannot be read any more; give it again"
        return None


def _complaint(
    wish: TargetWish, old: Document | None, fit: Fit | None, seen: set[str]
) -> tuple[str, str] | None:
    if wish.target_id is not None and old is None:
        return "target_id", "there is no such target; leave it out for a new one"
    if wish.target_id is not None and wish.target_id in seen:
        return "target_id", "it is there twice"
    if old is None and fit is None:
        return "url", "a new target needs an address"
    if old is not None and fit is None and old["kind"] != wish.kind:
        return "url", "a target of another kind needs another address"
    return None


def _invalid(errors: list[dict[str, str]]) -> Rejected:
    return Rejected(
        ErrorCode.INVALID_REQUEST, "The request is not valid; see errors.", errors=errors
    )
