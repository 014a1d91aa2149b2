"""Sends what the outbox holds, as soon as it is due, without letting one target delay others."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from adapters.apprise_process import NoTurnError
from adapters.mongo import Document
from adapters.mongo_deliveries import Delivery, State
from adapters.notification_seals import UnreadableSealError
from domain.errors import Retryable
from domain.notification_events import is_urgent
from domain.notifications import (
    Attempt,
    Preferences,
    Reaction,
    admitted,
    disabled_notification,
    gives_up,
    next_attempt_at,
    overflow_until,
)
from domain.timing import DELIVERY_ATTEMPT_S, FIRST_RETRY_S, MAX_ATTEMPTS, RETRY_BACKOFF
from workers.notification_channels import Channels, Outgoing
from workers.notification_composing import Composer, NoWordsYetError
from workers.notification_stores import NotificationStores

# At once, in one process; and of one user, so that slow servers of one leave room for others.
CONCURRENT: Final = 64
CONCURRENT_PER_USER: Final = 4
# How often the outbox is looked through for what has become due, and for what others left.
LOOK_EVERY_S: Final = 1.0
STOP_WITHIN_S: Final = 5.0
_STORE_RETRY_S: Final = 1.0
_SOON_S: Final = 0.02
# What nobody came to for longer is told together: one by one, a slow server would never catch up.
_IN_TIME: Final = timedelta(minutes=1)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How many deliveries in a minute, whatever users have chosen; more goes into a digest."""

    per_target: int
    per_user: int


class DeliverySender:
    """One a process; any number of processes may share an outbox.

    Args:
        stores: The outbox, where targets are, and what is told.
        channels: The ways out.
        limits: How many in a minute.
        public_url: Where the dashboard is, for links.
    """

    def __init__(
        self,
        stores: NotificationStores,
        channels: Channels,
        limits: RateLimits,
        public_url: str,
    ) -> None:
        self._settings = stores.settings
        self._notifications = stores.notifications
        self._deliveries = stores.deliveries
        self._channels = channels
        self._limits = limits
        self._composer = Composer(stores, public_url)
        self._under_way: dict[asyncio.Task[None], Delivery] = {}
        self._woken = asyncio.Event()
        self._digests_at = datetime.min.replace(tzinfo=UTC)

    def wake(self) -> None:
        """Look now: there is something new."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; then finish what is under way, and give back what is not done."""
        try:
            while True:
                self._woken.clear()
                try:
                    begun = await self._begin_undisturbed()
                except Retryable as fault:
                    _log.warning("notifications.delayed", detail=fault.detail)
                    await asyncio.sleep(_STORE_RETRY_S)
                    continue
                if not begun:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._woken.wait()
        finally:
            await self._end()

    async def _begin_undisturbed(self) -> bool:
        # Stopped between a lease and the task that has it, nobody would have it until it ran out.
        beginning = asyncio.create_task(self._begin())
        try:
            return await asyncio.shield(beginning)
        finally:
            await asyncio.wait([beginning], timeout=STOP_WITHIN_S)

    async def _begin(self) -> bool:
        """Begin what is due; return whether there may be more."""
        free = CONCURRENT - len(self._under_way)
        now = datetime.now(UTC)
        if now >= self._digests_at:
            await self._deliveries.open_digests(now)
            self._digests_at = now + timedelta(seconds=LOOK_EVERY_S)
        busy = Counter(each.user_id for each in self._under_way.values())
        full = [user_id for user_id, count in busy.items() if count >= CONCURRENT_PER_USER]
        # What is late here, its lease run out, must not be sent beside itself.
        here = {each.delivery_id for each in self._under_way.values()}
        due = await self._deliveries.due(now, full, free) if free else []
        waiting = [each for each in due if each["_id"] not in here]
        chosen = admitted([each["user_id"] for each in waiting], busy, CONCURRENT_PER_USER)
        if not chosen:
            return False
        for delivery in await self._deliveries.lease([waiting[n]["_id"] for n in chosen], now):
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way[task] = delivery
            task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        delivery = self._under_way.pop(task)
        self.wake()
        if task.cancelled():
            return
        fault = task.exception()
        if fault is not None:
            # Its lease runs out, and it is attempted again, no more often than any other.
            _log.error(
                "notifications.not_delivered",
                delivery_id=delivery.delivery_id,
                exc_info=fault if not isinstance(fault, Retryable) else None,
                error=type(fault).__name__,
            )

    async def _end(self) -> None:
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=STOP_WITHIN_S)
        given_up = [self._under_way[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        with contextlib.suppress(Retryable):
            await self._deliveries.give_back(given_up)

    async def _deliver(self, delivery: Delivery) -> None:
        now = datetime.now(UTC)
        if delivery.attempts > MAX_ATTEMPTS:
            # Whoever attempted it last has died; nobody knows what came of it.
            await self._deliveries.finish(delivery, State.FAILED, "it was interrupted", now)
            return
        try:
            outgoing, stored = await asyncio.gather(
                self._composer.outgoing(delivery, now), self._settings.load(delivery.user_id)
            )
        except NoWordsYetError:
            await self._wait_for_words(delivery, now)
            return
        if outgoing is None:
            # A digest finds nothing where another one has gathered everything.
            await self._deliveries.finish(delivery, State.DROPPED, "nothing is left to tell", now)
            return
        target = delivery.target or stored.target(delivery.target_id)
        if target is None or not target["enabled"]:
            detail = "the target was removed or disabled"
            await self._deliveries.finish(delivery, State.DROPPED, detail, now)
            return
        wanted = Preferences() if is_urgent(outgoing.event) else stored.preferences
        if _is_late(delivery, outgoing, now):
            await self._hold(delivery, wanted, "it had waited for more than a minute")
            return
        await self._send(delivery, target, outgoing, wanted)

    async def _send(
        self, delivery: Delivery, target: Document, outgoing: Outgoing, wanted: Preferences
    ) -> None:
        left_s = (delivery.leased_until - datetime.now(UTC)).total_seconds() - DELIVERY_ATTEMPT_S
        try:
            async with self._channels.turn(delivery.user_id, target, left_s):
                if await self._is_too_much(delivery, target):
                    await self._hold(delivery, wanted, "too many in a minute")
                    return
                attempt = await self._attempt(delivery, target, outgoing)
        except NoTurnError as error:
            later = datetime.now(UTC) + timedelta(seconds=LOOK_EVERY_S)
            await self._again(delivery, later, str(error), fresh=True)
            return
        _log.info(
            "notification.attempted",
            delivery_id=delivery.delivery_id,
            user_id=delivery.user_id,
            target_id=delivery.target_id,
            attempt=delivery.attempts,
            reaction=str(attempt.reaction),
            detail=attempt.detail,
        )
        await _persistently(lambda: self._settle(delivery, target, attempt))

    async def _wait_for_words(self, delivery: Delivery, now: datetime) -> None:
        waited_s = (now - delivery.created_at).total_seconds()
        soon = now + timedelta(seconds=min(max(waited_s, _SOON_S), LOOK_EVERY_S))
        await self._again(delivery, soon, "", fresh=True)

    async def _attempt(self, delivery: Delivery, target: Document, outgoing: Outgoing) -> Attempt:
        try:
            return await self._channels.send(delivery.user_id, target, outgoing)
        except UnreadableSealError as error:
            return Attempt(Reaction.REFUSED, str(error))

    async def _settle(self, delivery: Delivery, target: Document, attempt: Attempt) -> None:
        now = datetime.now(UTC)
        again_at = next_attempt_at(attempt, delivery.attempts, now)
        if again_at is not None:
            await self._again(delivery, again_at, attempt.detail)
            return
        if attempt.reaction is Reaction.ACCEPTED:
            await self._deliveries.finish(delivery, State.DELIVERED, attempt.detail, now)
            if target.get("failures"):
                await self._settings.forget_failures(delivery.user_id, delivery.target_id)
            return
        if delivery.target is None:
            failures = await self._settings.count_failure(delivery.user_id, delivery.target_id)
            if gives_up(attempt, failures):
                await self._disable(delivery, target, attempt, now)
        await self._deliveries.finish(delivery, State.FAILED, attempt.detail, now)

    async def _disable(
        self, delivery: Delivery, target: Document, attempt: Attempt, now: datetime
    ) -> None:
        named = (delivery.target_id, target["name"])
        told = disabled_notification(
            delivery.delivery_id, delivery.user_id, named, attempt.detail, now
        )
        await self._notifications.add([told], now)
        await self._settings.disable(delivery.user_id, delivery.target_id, attempt.detail, now)

    async def _again(
        self, delivery: Delivery, at: datetime, detail: str, *, fresh: bool = False
    ) -> None:
        await self._deliveries.again(delivery, State.DUE, at, detail, fresh=fresh)
        wait_s = (at - datetime.now(UTC)).total_seconds()
        asyncio.get_running_loop().call_later(max(0.0, wait_s), self.wake)

    async def _hold(self, delivery: Delivery, wanted: Preferences, why: str) -> None:
        until = overflow_until(wanted, datetime.now(UTC))
        await self._deliveries.again(delivery, State.HELD, until, why, fresh=True)

    async def _is_too_much(self, delivery: Delivery, target: Document) -> bool:
        if not _is_first(delivery):
            return False
        now = datetime.now(UTC)
        sent = await self._deliveries.count_sent(delivery.user_id, delivery.target_id, now)
        allowed = min(target["max_per_minute"], self._limits.per_target)
        return sent.to_target > allowed or sent.to_user > self._limits.per_user


def _is_first(delivery: Delivery) -> bool:
    # A digest is what is too much; and what was let through once may be tried again.
    # What is told to a target that is gone has no digest to go into.
    return not delivery.is_digest and delivery.attempts == 1 and delivery.target is None


def _is_late(delivery: Delivery, outgoing: Outgoing, now: datetime) -> bool:
    is_old = now - delivery.created_at > _IN_TIME
    return is_old and _is_first(delivery) and not is_urgent(outgoing.event)


async def _persistently(settle: Callable[[], Awaitable[None]]) -> None:
    """Write down an outcome, however the store is; what is not written down is sent again."""
    for wait_s in (FIRST_RETRY_S, FIRST_RETRY_S * RETRY_BACKOFF):
        try:
            return await settle()
        except Retryable:
            await asyncio.sleep(wait_s)
    return await settle()
