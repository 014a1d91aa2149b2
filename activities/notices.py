"""Telling users what happened to their account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from temporalio import activity

from activities.failures import as_failures
from domain.account_notices import UnannouncedActivity, notice_event
from domain.activity import Activity
from domain.ports import EventBus
from domain.timing import NOTICE_AGE_S, NOTICE_LOOKBACK_S
from domain.trading_ports import Clock


class Notices(Protocol):
    """Begins notices, each in a workflow of its own."""

    async def begin(self, told: Activity) -> bool:
        """Begin the notice of this; False where it was begun before.

        Raises:
            Retryable: The workflow service could not be reached.
        """


@dataclass(frozen=True, slots=True)
class NoticeActivities:
    """Publishes notices, and finds those that were never begun."""

    bus: EventBus
    records: UnannouncedActivity
    notices: Notices
    clock: Clock

    @activity.defn(name="publish_notice")
    async def publish(self, told: Activity) -> None:
        """Publish the event, and mark the record so that no sweep comes back to it."""
        with as_failures():
            await self.bus.publish(notice_event(told))
            await self.records.mark_announced(told.activity_id, self.clock())

    @activity.defn(name="sweep_notices")
    async def sweep(self) -> int:
        """Begin every notice whose process died before it could; return how many."""
        with as_failures():
            now = self.clock()
            since = now - timedelta(seconds=NOTICE_LOOKBACK_S)
            before = now - timedelta(seconds=NOTICE_AGE_S)
            found = await self.records.unannounced(since, before)
            return sum([await self.notices.begin(each) for each in found])

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [self.publish, self.sweep]
