"""What follows a change of a paper session: the record, the watch, the event, the push."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from activities.failures import as_failures
from domain.errors import Retryable
from domain.paper_events import events_of, frames_of
from domain.paper_messages import PaperRecord, PaperStep, PaperStore, RestingOrders
from domain.ports import EventBus, UserFeed


@dataclass(frozen=True, slots=True)
class PaperActivities:
    """One method a step; each is idempotent, and `settle` makes all of them at once."""

    store: PaperStore
    resting: RestingOrders
    bus: EventBus
    feed: UserFeed

    @activity.defn(name="settle_paper")
    async def settle(self, record: PaperRecord) -> list[PaperStep]:
        """Do all that follows, side by side; return the steps that are still to be done."""
        with as_failures():
            steps = self._steps
            outcomes = await asyncio.gather(
                *(step(record) for step in steps.values()), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, Retryable):
                    raise outcome
            done = zip(steps, outcomes, strict=True)
            return [step for step, outcome in done if outcome is not None]

    @activity.defn(name="record_paper")
    async def record(self, record: PaperRecord) -> None:
        """Write the trades and the session."""
        with as_failures():
            await self._record(record)

    @activity.defn(name="watch_paper")
    async def watch(self, record: PaperRecord) -> None:
        """Make the open orders known to the watcher of the market."""
        with as_failures():
            await self._watch(record)

    @activity.defn(name="publish_paper")
    async def publish(self, record: PaperRecord) -> None:
        """Publish the events of trades that are at their end, and of denials."""
        with as_failures():
            await self._publish(record)

    @activity.defn(name="push_paper")
    async def push(self, record: PaperRecord) -> None:
        """Tell the user's sockets."""
        with as_failures():
            await self._push(record)

    @property
    def _steps(self) -> dict[PaperStep, Callable[[PaperRecord], Awaitable[None]]]:
        return {
            PaperStep.RECORD: self._record,
            PaperStep.WATCH: self._watch,
            PaperStep.PUBLISH: self._publish,
            PaperStep.PUSH: self._push,
        }

    async def _record(self, record: PaperRecord) -> None:
        await self.store.record(record)

    async def _watch(self, record: PaperRecord) -> None:
        await self.resting.show(record.session, record.revision)

    async def _publish(self, record: PaperRecord) -> None:
        await asyncio.gather(*(self.bus.publish(event) for event in events_of(record)))

    async def _push(self, record: PaperRecord) -> None:
        await self.feed.push_many(record.session.user_id, frames_of(record))

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [self.settle, self.record, self.watch, self.publish, self.push]
