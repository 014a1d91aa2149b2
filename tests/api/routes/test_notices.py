"""Users hear of what happened to their account, once, whatever died in between."""

import asyncio
import os
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from activities import notices
from adapters.rabbitmq_messages import read_event
from adapters.rabbitmq_topology import EVENTS_EXCHANGE
from domain.errors import ErrorCode, Retryable
from domain.event_messages import Event, SignedIn, TradingHalted
from domain.events import DomainEvent
from tests.api.people import PASSWORD, Edge, bearer, new_email
from tests.replay.replaying import keep
from tests.trading_floor import until
from workers.notices import run_notice_worker
from workers.temporal import NOTICES_QUEUE
from workflows.account_notice import notice_id
from workflows.notice_sweep import NoticeSweep

PATIENCE_S = 30
Heard = defaultdict[str, list[Event]]


@pytest.fixture(scope="module")
async def heard(edge: Edge) -> AsyncIterator[Heard]:
    """Run the worker of notices, and hear what is published, by user."""
    services = edge.services
    found: Heard = defaultdict(list)

    async def hear(message: AbstractIncomingMessage) -> None:
        event = read_event(message.body)
        found[event.message.user_id].append(event)

    await services.connections.events.ready()
    async with await aio_pika.connect(services.settings.rabbitmq_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS_EXCHANGE, "security.#")
        await queue.consume(hear, no_ack=True)
        async with run_notice_worker(services.connections, services.trading.client):
            yield found


async def told(heard: Heard, user_id: str, count: int) -> list[Event]:
    """Wait until a user was told so many things, and return them in the order they happened."""

    async def is_told() -> bool:
        return len({event.message_id for event in heard[user_id]}) >= count

    await until(is_told, PATIENCE_S)
    return sorted(heard[user_id], key=lambda event: event.timestamp)


async def records(edge: Edge, user_id: str, kind: str) -> list[dict[str, Any]]:
    activity = edge.services.connections.database["user_activity"]
    return await activity.find({"user_id": user_id, "kind": kind}).to_list(None)


async def test_a_user_hears_of_their_account(edge: Edge, heard: Heard) -> None:
    person = await edge.register(email := new_email())
    user_id = person["user"]["id"]
    token = (await edge.login(email)).json()["token"]
    passwords = {"current_password": PASSWORD, "new_password": secrets.token_hex(8)}
    changed = await edge.http.post(
        "/api/auth/change-password", json=passwords, headers=bearer(token)
    )
    assert changed.status_code == 204, changed.text
    halt = {"state": "HALTED", "reason": "enough for today"}
    halted = await edge.http.put("/api/risk/trading-state", json=halt, headers=bearer(token))
    assert halted.status_code == 200, halted.text
    sign_in, password, stop = await told(heard, user_id, 3)
    assert [event.routing_key for event in (sign_in, password, stop)] == [
        "security.sign_in",
        "security.password_changed",
        "security.trading_halted",
    ]
    assert isinstance(stop.message, TradingHalted)
    assert stop.message.reason == "enough for today"
    assert isinstance(sign_in.message, SignedIn)
    (record,) = await records(edge, user_id, "signed_in")
    assert sign_in.message.activity_id == record["_id"]
    assert sign_in.message.user_agent == record["user_agent"]
    assert passwords["new_password"].encode() not in repr(heard[user_id]).encode()

    async def is_marked() -> bool:
        found = await records(edge, user_id, "signed_in")
        return all("announced_at" in one for one in found)

    await until(is_marked, PATIENCE_S)
    handle = edge.services.trading.client.get_workflow_handle(notice_id(record["_id"]))
    await handle.result()
    if os.environ.get("RECORD_HISTORIES"):
        keep("notices/published", await handle.fetch_history())


async def test_a_notice_that_was_never_begun_is_found_by_the_sweep(
    edge: Edge, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API is killed between the record and the start."""
    person = await edge.register(email := new_email())
    user_id = person["user"]["id"]
    monkeypatch.setattr(edge.services.activity, "_announce", lambda _: None)
    await edge.login(email)
    await edge.login(email)
    sweep = edge.services.trading.client.start_workflow
    monkeypatch.setattr(notices, "NOTICE_AGE_S", 3600.0)
    name = f"sweep-{secrets.token_hex(4)}"
    too_soon = await sweep(NoticeSweep.run, id=f"{name}-1", task_queue=NOTICES_QUEUE)
    assert await too_soon.result() == 0
    monkeypatch.setattr(notices, "NOTICE_AGE_S", 0.0)
    first = await sweep(NoticeSweep.run, id=f"{name}-2", task_queue=NOTICES_QUEUE)
    assert await first.result() >= 2
    assert len(await told(heard, user_id, 2)) == 2
    again = await sweep(NoticeSweep.run, id=f"{name}-3", task_queue=NOTICES_QUEUE)
    assert await again.result() == 0
    assert len(heard[user_id]) == 2
    if os.environ.get("RECORD_HISTORIES"):
        keep("notices/sweep", await first.fetch_history())


async def test_a_broker_that_is_away_makes_it_late(
    edge: Edge, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt fails; the others are in the operators' view, and one gets through."""
    bus = edge.services.connections.events
    publish = bus.publish
    person = await edge.register(email := new_email())
    user_id = person["user"]["id"]
    tries: list[DomainEvent] = []

    async def publish_late(event: DomainEvent) -> None:
        if event.data["user_id"] == user_id:
            tries.append(event)
            if len(tries) <= 2:
                raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "away")
        await publish(event)

    monkeypatch.setattr(bus, "publish", publish_late)
    await edge.login(email)
    (event,) = await told(heard, user_id, 1)
    assert len(tries) == 3
    assert {one.message_id for one in tries} == {event.message_id}
    (record,) = await records(edge, user_id, "signed_in")
    handle = edge.services.trading.client.get_workflow_handle(notice_id(record["_id"]))
    await handle.result()
    if os.environ.get("RECORD_HISTORIES"):
        keep("notices/retried", await handle.fetch_history())


async def test_a_sign_in_does_not_wait_for_temporal(
    edge: Edge, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = edge.services.trading.client
    may_start = asyncio.Event()
    start = client.start_workflow

    async def start_late(*arguments: Any, **named: Any) -> Any:
        await may_start.wait()
        return await start(*arguments, **named)

    monkeypatch.setattr(client, "start_workflow", start_late)
    person = await edge.register(email := new_email())
    assert (await edge.login(email)).status_code == 200
    may_start.set()
    (event,) = await told(heard, person["user"]["id"], 1)
    assert event.routing_key == "security.sign_in"
