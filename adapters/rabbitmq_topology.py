"""Exchanges, queues and bindings: declared here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, TypeAlias

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractExchange
from aio_pika.exceptions import ChannelPreconditionFailed

QueueType: TypeAlias = Literal["classic", "quorum"]

EVENTS_EXCHANGE: Final = "botcore.events"
DEAD_LETTER_EXCHANGE: Final = "botcore.dlx"
DEAD_LETTER_QUEUE: Final = "botcore.dead_letters"
TRADING_QUEUE: Final = "botcore.trading"
AI_SIGNALS_QUEUE: Final = "botcore.ai_signals"
NOTIFICATIONS_QUEUE: Final = "botcore.notifications"

# Queue → the routing keys it takes from the events exchange.
BINDINGS: Final = {
    TRADING_QUEUE: ("trade.#", "risk.#", "security.#"),
    AI_SIGNALS_QUEUE: ("ai.signal.#",),
    NOTIFICATIONS_QUEUE: ("trade.#", "ai.signal.#", "risk.#", "security.#"),
}

# A quorum queue counts deliveries and gives a message up after so many; RabbitMQ 4 does so
# after 20 unless told. A consumer that is killed gives back what it held, so that deploys count
# as well; what kills its consumer is found out sooner, by the consumer itself.
DELIVERY_LIMIT: Final = 200
# Looking at the dead letters is a delivery, too, and must never use them up.
DEAD_LETTER_DELIVERY_LIMIT: Final = 1_000_000

# What a quorum queue gives up stays in it until the dead letters have confirmed it. The first
# requires the second, which changes nothing: no length is limited.
# https://www.rabbitmq.com/docs/quorum-queues#dead-lettering
_BURIED_SURELY: Final = {
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


class TopologyConflictError(Exception):
    """The broker has a queue or an exchange of this name with other properties."""


async def declare_topology(
    channel: AbstractChannel, queue_type: QueueType = "classic"
) -> AbstractExchange:
    """Declare every exchange, queue and binding; return the events exchange.

    No message expires: a service that was away for a week finds the week's events.

    Args:
        channel: A robust one declares all of it again after each reconnection.
        queue_type: `quorum` where the broker is a cluster.

    Raises:
        TopologyConflictError: Something of it exists with other properties.
    """
    async with _conflicts(queue_type):
        events = await channel.declare_exchange(EVENTS_EXCHANGE, ExchangeType.TOPIC, durable=True)
        dead_letters = await channel.declare_exchange(
            DEAD_LETTER_EXCHANGE, ExchangeType.FANOUT, durable=True
        )
        graveyard = await channel.declare_queue(
            DEAD_LETTER_QUEUE,
            durable=True,
            arguments=_arguments(queue_type, DEAD_LETTER_DELIVERY_LIMIT),
        )
        await graveyard.bind(dead_letters)
        arguments = _arguments(queue_type, DELIVERY_LIMIT)
        arguments["x-dead-letter-exchange"] = DEAD_LETTER_EXCHANGE
        if queue_type == "quorum":
            arguments |= _BURIED_SURELY
        for name, patterns in BINDINGS.items():
            queue = await channel.declare_queue(name, durable=True, arguments=arguments)
            for pattern in patterns:
                await queue.bind(events, pattern)
    return events


def belongs(queue: str, routing_key: str) -> bool:
    """Tell whether a queue takes events of this routing key."""
    return any(
        routing_key.startswith(pattern.removesuffix("#")) for pattern in BINDINGS.get(queue, ())
    )


def _arguments(queue_type: QueueType, delivery_limit: int) -> dict[str, Any]:
    arguments: dict[str, Any] = {"x-queue-type": queue_type}
    if queue_type == "quorum":
        arguments["x-delivery-limit"] = delivery_limit
    return arguments


@asynccontextmanager
async def _conflicts(queue_type: QueueType) -> AsyncIterator[None]:
    try:
        yield
    except ChannelPreconditionFailed as error:
        raise TopologyConflictError(
            f"The broker has it otherwise: {error}. Wanted are durable queues of the type "
            f"{queue_type} (BOTCORE_RABBITMQ_QUEUE_TYPE). Either set that back, or let the "
            "consumers empty the queue, delete it (`rabbitmqctl delete_queue <name>`), and it is "
            "declared anew within seconds."
        ) from error
