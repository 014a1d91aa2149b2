"""Sends what the outbox holds, as soon as it is due, without letting one target delay others."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from adapters.exact_json import dump
from adapters.mongo import Document
from adapters.mongo_deliveries import Delivery, Sent, State
from adapters.notification_seals import UnreadableSealError
from domain.errors import Retryable
from domain.notification_events import is_urgent
from domain.notifications import (
    Attempt,
    Preferences,
    Reaction,
    admitted,
    digest_text,
    next_attempt_at,
    overflow_until,
)
from domain.timing import MAX_ATTEMPTS
from workers.notification_channels import Channels, Outgoing
from workers.notification_stores import NotificationStores

# At once, in one process; and of one user, so that slow servers of one leave room for others.
CONCURRENT: Final = 64
CONCURRENT_PER_USER: Final = 4
# How often the outbox is looked through for what has become due, and for what others left.
LOOK_EVERY_S: Final = 1.0
STOP_WITHIN_S: Final = 5.0
DIGEST_ITEMS: Final = 50
_STORE_RETRY_S: Final = 1.0
_SOON_S: Final = 0.02
# An event whose planning was interrupted comes again at once; a store may be away for longer.
_WORDS_WITHIN: Final = timedelta(days=1)

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
        self._public_url = public_url
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
                    begun = await self._begin()
                except Retryable as fault:
                    _log.warning("notifications.delayed", detail=fault.detail)
                    await asyncio.sleep(_STORE_RETRY_S)
                    continue
                if not begun:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)
        finally:
            await self._end()

    async def _begin(self) -> bool:
        """Begin what is due; return whether there may be more."""
        free = CONCURRENT - len(self._under_way)
        now = datetime.now(UTC)
        if now >= self._digests_at:
            await self._deliveries.open_digests(now)
            self._digests_at = now + timedelta(seconds=LOOK_EVERY_S)
        busy = Counter(each.user_id for each in self._under_way.values())
        full = [user_id for user_id, count in busy.items() if count >= CONCURRENT_PER_USER]
        waiting = await self._deliveries.due(now, full, free) if free else []
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
        outgoing, stored = await asyncio.gather(
            self._outgoing(delivery, now), self._settings.load(delivery.user_id)
        )
        if outgoing is None:
            await self._wait_for_words(delivery, now)
            return
        target = stored.target(delivery.target_id)
        if target is None or not target["enabled"]:
            detail = "the target was removed or disabled"
            await self._deliveries.finish(delivery, State.DROPPED, detail, now)
            return
        sent = await self._sent_this_minute(delivery, now)
        allowed = min(target["max_per_minute"], self._limits.per_target)
        if sent.to_target > allowed or sent.to_user > self._limits.per_user:
            wanted = Preferences() if is_urgent(outgoing.event) else stored.preferences
            until = overflow_until(wanted, now)
            await self._deliveries.again(
                delivery, State.HELD, until, "too many in a minute", fresh=True
            )
            return
        await self._settle(delivery, await self._attempt(delivery, target, outgoing))

    async def _wait_for_words(self, delivery: Delivery, now: datetime) -> None:
        # The outbox is written first: whoever was about to write the rest comes back to it.
        # A digest finds nothing where another one has gathered everything.
        if delivery.is_digest or now - delivery.created_at > _WORDS_WITHIN:
            await self._deliveries.finish(delivery, State.DROPPED, "nothing is left to tell", now)
            return
        waited_s = (now - delivery.created_at).total_seconds()
        soon = now + timedelta(seconds=min(max(waited_s, _SOON_S), LOOK_EVERY_S))
        await self._again(delivery, soon, "", fresh=True)

    async def _attempt(self, delivery: Delivery, target: Document, outgoing: Outgoing) -> Attempt:
        try:
            return await self._channels.send(delivery.user_id, target, outgoing)
        except UnreadableSealError as error:
            return Attempt(Reaction.REFUSED, str(error))

    async def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        now = datetime.now(UTC)
        accepted = attempt.reaction is Reaction.ACCEPTED
        again_at = next_attempt_at(attempt, delivery.attempts, now)
        _log.info(
            "notification.attempted",
            delivery_id=delivery.delivery_id,
            user_id=delivery.user_id,
            target_id=delivery.target_id,
            attempt=delivery.attempts,
            reaction=str(attempt.reaction),
            detail=attempt.detail,
        )
        if again_at is not None:
            await self._again(delivery, again_at, attempt.detail)
            return
        state = State.DELIVERED if accepted else State.FAILED
        await self._deliveries.finish(delivery, state, attempt.detail, now)
        if attempt.reaction is Reaction.GONE:
            await self._settings.disable(delivery.user_id, delivery.target_id, attempt.detail, now)

    async def _again(
        self, delivery: Delivery, at: datetime, detail: str, *, fresh: bool = False
    ) -> None:
        await self._deliveries.again(delivery, State.DUE, at, detail, fresh=fresh)
        wait_s = (at - datetime.now(UTC)).total_seconds()
        asyncio.get_running_loop().call_later(max(0.0, wait_s), self.wake)

    async def _sent_this_minute(self, delivery: Delivery, now: datetime) -> Sent:
        # A digest is what is too much; and what was let through once may be tried again.
        if delivery.is_digest or delivery.attempts > 1:
            return Sent(0, 0)
        return await self._deliveries.count_sent(delivery.user_id, delivery.target_id, now)

    async def _outgoing(self, delivery: Delivery, now: datetime) -> Outgoing | None:
        """Return what is sent, or None where there is nothing to tell any more."""
        if delivery.notification_id is not None:
            found = await self._notifications.read([delivery.notification_id])
            document = found.get(delivery.notification_id)
            return None if document is None else self._one(document)
        members, count = await self._deliveries.gather(delivery, now, DIGEST_ITEMS)
        found = await self._notifications.read(members)
        return self._digest(delivery, [found[each] for each in members if each in found], count)

    def _one(self, document: Document) -> Outgoing:
        link = f"{self._public_url}{document['path']}"
        said = {
            "type": document["event"],
            "timestamp": document["happened_at"],
            "title": document["title"],
            "body": document["body"],
            "link": link,
            "data": document["data"],
        }
        body = f"{document['body']}\n{link}"
        return Outgoing(document["_id"], document["event"], document["title"], body, dump(said))

    def _digest(self, digest: Delivery, members: list[Document], count: int) -> Outgoing | None:
        if not members:
            return None
        title, lines = digest_text([f"{each['title']}: {each['body']}" for each in members], count)
        link = f"{self._public_url}/notifications"
        items = [
            {
                "id": each["_id"],
                "type": each["event"],
                "timestamp": each["happened_at"],
                "title": each["title"],
                "body": each["body"],
                "link": f"{self._public_url}{each['path']}",
            }
            for each in members
        ]
        said = {
            "type": "notification.digest",
            "timestamp": digest.created_at,
            "title": title,
            "body": lines,
            "link": link,
            "data": {"count": count, "notifications": items},
        }
        return Outgoing(
            digest.delivery_id, "notification.digest", title, f"{lines}\n{link}", dump(said)
        )
