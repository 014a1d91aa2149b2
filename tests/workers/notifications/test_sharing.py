"""Senders that share an outbox, die, stop, or come too early."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.mongo import Database
from adapters.mongo_deliveries import State
from domain.notifications import changed_notification, notifications_of, planned_to
from tests.databases import Databases
from tests.receivers import HttpReceiver, status
from tests.workers.notifying import Service, come_true, executed, open_service
from workers.notification_sender import RateLimits


@pytest.fixture
async def alone(databases: Databases) -> AsyncIterator[Database]:
    """Return a database at which no other sender looks."""
    taken = await databases.take()
    yield taken
    await databases.give_back(taken)


async def test_what_a_dead_sender_had_is_taken_over(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    await service.target(ann, http_receiver.url)
    deliveries = service.database["notification_deliveries"]
    now = datetime.now(UTC)
    dead = {"lease": "dead", "leased_until": now + timedelta(minutes=5)}
    await service.planning.apply([executed(ann)])
    await service.until(ann, State.DELIVERED)
    await deliveries.update_many(
        {"user_id": ann}, {"$set": {**dead, "state": "DUE", "attempts": 2}}
    )
    await service.set_back(ann, State.DUE, "leased_until")
    (delivery,) = await service.until(ann, State.DELIVERED)
    assert delivery["attempts"] == 3
    await deliveries.update_many(
        {"user_id": ann}, {"$set": {**dead, "state": "DUE", "attempts": 3}}
    )
    await service.set_back(ann, State.DUE, "leased_until")
    (delivery,) = await service.until(ann, State.FAILED)
    assert delivery["detail"] == "it was interrupted"
    assert len(http_receiver.received) == 2


async def test_what_is_not_listed_yet_is_waited_for(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    """Another process looks into the outbox between the two writes of planning."""
    target_id = await service.target(ann, http_receiver.url)
    (notification,) = notifications_of(executed(ann))
    now = datetime.now(UTC)
    await service.stores.deliveries.add([planned_to(target_id, notification, None, now)], now)
    service.sender.wake()

    async def is_put_back() -> bool:
        (delivery,) = await service.deliveries(ann)
        return bool(delivery["due_at"] > now)

    await come_true(is_put_back)
    await service.stores.notifications.add([notification], now)
    (delivery,) = await service.until(ann, State.DELIVERED)
    assert delivery["attempts"] == 1
    assert len(http_receiver.received) == 1


async def test_a_digest_waits_for_what_is_not_listed_yet(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    target_id = await service.target(ann, http_receiver.url)
    told, late = (notifications_of(executed(ann))[0] for _ in range(2))
    now = datetime.now(UTC)
    await service.stores.notifications.add([told], now)
    await service.stores.deliveries.add(
        [planned_to(target_id, each, now, now) for each in (told, late)], now
    )

    async def is_put_back() -> bool:
        digests = [each for each in await service.deliveries(ann) if not each["notification_id"]]
        return bool(digests) and digests[0]["due_at"] > digests[0]["created_at"]

    await come_true(is_put_back)
    assert http_receiver.received == []
    await service.stores.notifications.add([late], now)
    await service.until(ann, State.DELIVERED, 3)
    (digest,) = http_receiver.received
    items = [each["id"] for each in digest.said["data"]["notifications"]]
    assert sorted(items) == sorted([told.notification_id, late.notification_id])


async def test_a_digest_does_not_wait_for_ever(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    target_id = await service.target(ann, http_receiver.url)
    told, lost = (notifications_of(executed(ann))[0] for _ in range(2))
    earlier = datetime.now(UTC) - timedelta(minutes=6)
    await service.stores.notifications.add([told], earlier)
    await service.stores.deliveries.add(
        [planned_to(target_id, each, earlier, earlier) for each in (told, lost)], earlier
    )
    (digest,) = await http_receiver.until(1)
    items = [each["id"] for each in digest.said["data"]["notifications"]]
    assert items == [told.notification_id]


async def test_what_nobody_came_to_in_time_is_told_together(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    target_id = await service.target(ann, http_receiver.url)
    earlier = datetime.now(UTC) - timedelta(seconds=70)
    late = [notifications_of(executed(ann))[0] for _ in range(3)]
    alarm = changed_notification(1, ann, earlier)
    await service.stores.notifications.add([*late, alarm], earlier)
    await service.stores.deliveries.add(
        [planned_to(target_id, each, None, earlier) for each in (*late, alarm)], earlier
    )
    held = await service.until(ann, State.HELD, 3)
    assert {each["detail"] for each in held} == {"it had waited for more than a minute"}
    # What is urgent is told by itself all the same.
    (alone,) = await http_receiver.until(1)
    assert alone.said["type"] == alarm.event
    await service.set_back(ann, State.HELD, "due_at")
    assert (await http_receiver.until(2))[1].said["data"]["count"] == 3


async def test_several_senders_send_each_once(
    database: Database, service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    for user in range(10):
        await service.target(f"{ann}-{user}", http_receiver.url)
    async with open_service(database) as other:
        events = [executed(f"{ann}-{number % 10}") for number in range(100)]
        await asyncio.gather(service.planning.apply(events[:50]), other.planning.apply(events))
        await http_receiver.until(100)
        for user in range(10):
            await service.until(f"{ann}-{user}", State.DELIVERED, 10)
    ids = Counter(each.headers["webhook-id"] for each in http_receiver.received)
    assert (len(ids), set(ids.values())) == (100, {1})


@pytest.mark.parametrize("turns", range(6))
async def test_a_stop_is_never_lost(database: Database, turns: int) -> None:
    """Not even where the sender is woken at that very moment."""
    async with open_service(database) as service:
        await asyncio.sleep(0.05)
        service.sender.wake()
        for _ in range(turns):
            await asyncio.sleep(0)


async def test_a_removed_target_is_told_nothing(
    alone: Database, http_receiver: HttpReceiver, ann: str
) -> None:
    async with open_service(alone, RateLimits(1, 100)) as service:
        await service.target(ann, http_receiver.url)
        await service.planning.apply([executed(ann) for _ in range(4)])
        held = await service.until(ann, State.HELD, 2)
        await service.until(ann, State.DELIVERED, 1)
        sent = len(http_receiver.received)
        await service.settings(ann, targets=[])
        await service.set_back(ann, State.HELD, "due_at")
        await service.until(ann, State.DROPPED, len(held) + 1)
    assert len(http_receiver.received) == sent


async def test_a_target_hears_of_its_own_end(
    alone: Database, http_receiver: HttpReceiver, ann: str
) -> None:
    async with open_service(alone, RateLimits(0, 0)) as service:
        target_id = await service.target(ann, http_receiver.url)
        target = (await service.stores.settings.load(ann)).target(target_id)
        assert target is not None
        await service.settings(ann, targets=[])
        now = datetime.now(UTC)
        told = changed_notification(2, ann, now)
        await service.stores.notifications.add([told], now)
        http_receiver.answers.append(status(500))
        await service.stores.deliveries.add(
            [planned_to(target_id, told, None, now)], now, {target_id: target}
        )
        (delivery,) = await service.until(ann, State.DELIVERED)
    assert [each.said["type"] for each in http_receiver.received] == [told.event] * 2
    # Its address goes with it.
    assert "target" not in delivery


async def test_a_sender_that_stops_leaves_its_work_to_others(
    alone: Database, silent_url: str, ann: str
) -> None:
    async with open_service(alone) as service:
        await service.target(ann, silent_url)
        await service.planning.apply([executed(ann)])

        async def is_attempted() -> bool:
            (delivery,) = await service.deliveries(ann)
            return bool(delivery["attempts"])

        await come_true(is_attempted)
    (delivery,) = await service.deliveries(ann)
    assert (delivery["attempts"], delivery["state"]) == (0, State.DUE)
    assert delivery["leased_until"] < datetime.now(UTC)
    await service.settings(ann, targets=[])
    async with open_service(alone) as service:
        await service.until(ann, State.DROPPED)
