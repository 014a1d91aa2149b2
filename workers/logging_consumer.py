"""`python -m workers.logging_consumer`: the logging service of the queue `botcore.trading`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from adapters.exact_json import load
from adapters.mongo_system_logs import MongoSystemLogs
from adapters.rabbitmq import TRADING_QUEUE
from adapters.rabbitmq_consumer import Delivery, RabbitConsumer
from domain.errors import ErrorCode, Rejected
from domain.events import EVENT_VERSION
from workers.connections import Need, open_connections
from workers.process import run_process, run_until
from workers.readiness import announce_ready
from workers.settings import Settings

_log = structlog.get_logger(__name__)

Name = Annotated[str, Field(min_length=1, max_length=255)]


class Envelope(BaseModel):
    """What every event looks like; see API.md, "Events on RabbitMQ"."""

    event: Name
    routing_key: Name
    data: dict[str, Any]
    timestamp: AwareDatetime
    message_id: Name
    version: Literal[1]


def read_envelope(body: bytes) -> Envelope:
    """Read an event.

    Raises:
        Rejected: It is none, or of a version that this service does not know.
    """
    try:
        return Envelope.model_validate(load(body))
    except (ValidationError, ValueError, RecursionError) as error:
        detail = f"not an event of version {EVENT_VERSION}"
        raise Rejected(ErrorCode.INVALID_REQUEST, detail) from error


class EventLog:
    """Records each event once, in the store and as one line of this process's log."""

    def __init__(self, logs: MongoSystemLogs) -> None:
        self._logs = logs

    async def handle(self, delivery: Delivery) -> None:
        """Record one event.

        Raises:
            Rejected: The message is no event.
            Retryable: The store could not be reached.
        """
        envelope = read_envelope(delivery.body)
        entry = {
            "event": envelope.event,
            "routing_key": envelope.routing_key,
            "user_id": envelope.data.get("user_id"),
            "data": envelope.data,
            "timestamp": envelope.timestamp,
            "version": envelope.version,
        }
        if await self._logs.record(envelope.message_id, entry, datetime.now(UTC)):
            _log.info(
                envelope.event,
                message_id=envelope.message_id,
                routing_key=envelope.routing_key,
                user_id=envelope.data.get("user_id"),
                trade_id=envelope.data.get("trade_id"),
            )


async def _consume(settings: Settings) -> None:
    async with open_connections(settings, {Need.MONGODB}) as connections:
        event_log = EventLog(MongoSystemLogs(connections.database))
        consumer = RabbitConsumer(
            settings.rabbitmq_url, TRADING_QUEUE, event_log.handle, settings.rabbitmq_queue_type
        )
        await consumer.run(announce_ready)


async def _until(settings: Settings, stop: asyncio.Event) -> None:
    await run_until(_consume(settings), stop)


if __name__ == "__main__":
    run_process(_until)
