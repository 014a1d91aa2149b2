"""Consuming events: read, handed over in batches, acknowledged after their effect.

How an effect happens once is told in docs/events.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Final, Protocol, TypeVar

import structlog
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from adapters.ending_tasks import is_cancelled
from adapters.rabbitmq_dead_letters import Burial, letter_id_of
from adapters.rabbitmq_intake import Intake, IntakeEndedError, open_intake
from adapters.rabbitmq_messages import Cause, UnreadableError, read_event
from adapters.rabbitmq_topology import QueueType, TopologyConflictError, belongs
from domain.errors import Rejected, Retryable
from domain.event_messages import Event

# What is there when the last batch is done, up to this.
BATCH: Final = 200
# Two batches begin no closer together, unless the first was full: a lone event is taken at
# once, and those of a busy moment share their round trips instead of the trades' processors.
PACE_S: Final = 0.05
RETRY_MIN_S: Final = 0.2
RETRY_MAX_S: Final = 1.0
RECONNECT_S: Final = 0.5
# Somebody has to look at a topology that differs; until then the process stays, and says so.
CONFLICT_RETRY_S: Final = 10.0
# How long the batch in hand may take when the process is to stop; otherwise it comes again.
STOP_WITHIN_S: Final = 5.0
# A batch that was in the hands of so many who died is gone through one by one…
SUSPECT_AFTER: Final = 2
# …and what so many more died of is a dead letter.
DEADLY_AFTER: Final = 3

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Effect(Protocol):
    """What a service does with its events."""

    async def apply(self, events: Sequence[Event]) -> None:
        """Do what they ask for, each once however often it comes; return once that is durable.

        No two of them have the same `message_id`, but any of them may have been applied before.

        Raises:
            Retryable: A passing fault; all of them are handed over again.
            Rejected: One of them can never be applied. They are handed over one by one, and
                that one becomes a dead letter; so it does for a fault that is not foreseen.
        """


class Attempts(Protocol):
    """How often messages were in somebody's hands who then died, across processes."""

    async def most(self, letter_ids: Sequence[str]) -> int:
        """Return the highest number of attempts that any of them has had.

        Raises:
            Retryable: It cannot be said now.
        """

    async def begin(self, letter_ids: Sequence[str]) -> None:
        """Count an attempt of each; durable before the attempt is made.

        Raises:
            Retryable: The store could not be reached.
        """


class EventConsumer:
    """Hands every event of one queue to an effect, and what is none to the dead letters.

    Args:
        url: The broker's address.
        queue: One of the topology's queues.
        effect: What is done with its events.
        attempts: Finds out what kills its consumer; None leaves that to the broker.
        queue_type: As for `declare_topology`.
        batch: The most events that are handed over at once.
    """

    def __init__(  # noqa: PLR0913 - where from, and with what
        self,
        url: str,
        queue: str,
        effect: Effect,
        queue_type: QueueType = "classic",
        *,
        attempts: Attempts | None = None,
        batch: int = BATCH,
    ) -> None:
        self._url = url
        self._queue = queue
        self._effect = effect
        self._attempts = attempts
        self._queue_type: QueueType = queue_type
        self._batch = batch
        self._is_told = False

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Consume until cancelled, then finish what is in hand; a lost broker is found again.

        Args:
            on_ready: Called whenever a message can arrive: at first, and after an outage.
        """
        while True:
            wait_s = RECONNECT_S
            try:
                async with open_intake(
                    self._url, self._queue, self._queue_type, 3 * self._batch
                ) as intake:
                    self._is_told = False
                    on_ready()
                    await self._consume(intake)
            except TopologyConflictError as error:
                _log.error("events.topology_differs", queue=self._queue, detail=str(error))
                wait_s = CONFLICT_RETRY_S
            except (IntakeEndedError, TimeoutError, *CONNECTION_EXCEPTIONS) as error:
                self._tell_lost(error)
            except asyncio.CancelledError as error:
                # aiormq cancels what waits for a connection that breaks.
                if is_cancelled():
                    raise
                self._tell_lost(error)
            await asyncio.sleep(wait_s)

    def _tell_lost(self, error: BaseException) -> None:
        """Tell once an outage that the broker is away, and not at each attempt."""
        if not self._is_told:
            _log.warning("events.connection_lost", queue=self._queue, error=repr(error))
            self._is_told = True

    async def _consume(self, intake: Intake) -> None:
        while True:
            messages = await intake.take(self._batch)
            began = monotonic()
            settling = asyncio.create_task(self._settle(intake, messages))
            try:
                await asyncio.shield(settling)
            finally:
                if not settling.done():
                    await asyncio.wait([settling], timeout=STOP_WITHIN_S)
                    settling.cancel()
                    await asyncio.gather(settling, return_exceptions=True)
            if len(messages) < self._batch:
                await intake.wait_open(began + PACE_S - monotonic())

    async def _settle(self, intake: Intake, messages: Sequence[AbstractIncomingMessage]) -> None:
        """Settle messages together, or one by one where one of them may be deadly."""
        returned = [letter_id_of(each) for each in messages if each.redelivered]
        attempts = self._attempts
        if not returned or attempts is None:
            return await self._settle_together(intake, messages)
        most = await self._persistently(intake, partial(attempts.most, returned))
        if most < SUSPECT_AFTER:
            await self._persistently(intake, partial(attempts.begin, returned))
            return await self._settle_together(intake, messages)
        for message in messages:
            await self._settle_suspect(intake, message, attempts)
        return None

    async def _settle_suspect(
        self, intake: Intake, message: AbstractIncomingMessage, attempts: Attempts
    ) -> None:
        """Settle one message, unless too many have died of that."""
        letter_id = [letter_id_of(message)]
        died = await self._persistently(intake, partial(attempts.most, letter_id))
        if died >= SUSPECT_AFTER + DEADLY_AFTER:
            await self._bury(intake, message, Cause.KILLS_ITS_CONSUMER, f"{died} died of it")
            return await intake.acknowledge([message])
        await self._persistently(intake, partial(attempts.begin, letter_id))
        return await self._settle_together(intake, [message])

    async def _settle_together(
        self, intake: Intake, messages: Sequence[AbstractIncomingMessage]
    ) -> None:
        """Bury what is no event, apply the others, and acknowledge them all."""
        events: dict[str, tuple[Event, AbstractIncomingMessage]] = {}
        for message in messages:
            try:
                event = self._read(message)
            except UnreadableError as error:
                await self._bury(intake, message, error.cause, error.detail)
            else:
                events.setdefault(event.message_id, (event, message))
        if events:
            await self._apply(intake, list(events.values()))
        await intake.acknowledge(messages)

    def _read(self, message: AbstractIncomingMessage) -> Event:
        event = read_event(message.body)
        if not belongs(self._queue, event.routing_key):
            raise UnreadableError(Cause.MISPLACED, f"{event.routing_key} is not for this queue")
        return event

    async def _apply(
        self, intake: Intake, found: Sequence[tuple[Event, AbstractIncomingMessage]]
    ) -> None:
        try:
            events = [event for event, _ in found]
            await self._persistently(intake, partial(self._effect.apply, events))
        except (IntakeEndedError, asyncio.CancelledError):
            raise
        except Exception as fault:  # noqa: BLE001 - one message must not stop the others
            if len(found) > 1:
                for one in found:
                    await self._apply(intake, [one])
                return
            ((_, message),) = found
            if isinstance(fault, Rejected):
                await self._bury(intake, message, Cause.REFUSED, fault.detail)
            else:
                _log.exception("event.unforeseen_fault", queue=self._queue)
                await self._bury(intake, message, Cause.UNFORESEEN, repr(fault))

    async def _persistently(self, intake: Intake, step: Callable[[], Awaitable[T]]) -> T:
        """Make a step until it works, or until the messages are no longer ours."""
        wait_s = RETRY_MIN_S
        while True:
            try:
                return await step()
            except Retryable as fault:
                _log.warning("events.delayed", queue=self._queue, detail=fault.detail)
            await intake.wait_open(wait_s)
            wait_s = min(wait_s * 2, RETRY_MAX_S)

    async def _bury(
        self, intake: Intake, message: AbstractIncomingMessage, cause: Cause, detail: str
    ) -> None:
        _log.warning(
            "event.dead_lettered",
            queue=self._queue,
            message_id=message.message_id,
            cause=str(cause),
            detail=detail,
        )
        await intake.bury(message, Burial(self._queue, cause, detail))
