"""Mail servers that answer drop by drop, and senders that stop meanwhile."""

import asyncio
from datetime import UTC, datetime

import pytest

from adapters.apprise_process import open_apprise
from adapters.mongo import Database, Document, database_of
from adapters.mongo_deliveries import State
from domain.timing import DELIVERY_LEASE_S
from tests.receivers import MailReceiver, SlowMailReceiver
from tests.workers.notifying import LOOPBACK, Service, come_true, executed, open_service

TURN_S = 0.3


async def test_who_waits_in_vain_is_sent_later_and_once(
    service: Service,
    slow_mail_receiver: SlowMailReceiver,
    mail_receiver: MailReceiver,
    ann: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bob = f"bob-beside-{ann}"
    await service.target(bob, mail_receiver.target, "email")
    await service.planning.apply([executed(bob)])  # apprise has started then
    await service.until(bob, State.DELIVERED)
    monkeypatch.setattr("workers.notification_sender.DELIVERY_ATTEMPT_S", DELIVERY_LEASE_S - TURN_S)
    await service.target(ann, slow_mail_receiver.target, "email")
    await service.planning.apply([executed(ann) for _ in range(4)])

    async def put_back() -> list[Document]:
        found = [each for each in await service.deliveries(ann) if each.get("detail")]
        return found if len(found) == 2 else []

    waiting = await come_true(put_back)
    assert {each["detail"] for each in waiting} == {"it waits for its turn"}
    async with asyncio.timeout(10):
        await slow_mail_receiver.until_waiting(2)
    # Others are told at once meanwhile.
    await service.planning.apply([executed(bob)])
    await service.until(bob, State.DELIVERED, 2)
    # Even if a lease runs out: what is under way here is not begun again.
    await service.set_back(ann, State.DUE, "leased_until")
    await asyncio.sleep(3 * TURN_S)
    assert slow_mail_receiver.waiting == 2
    slow_mail_receiver.let_go.set()
    delivered = await service.until(ann, State.DELIVERED, 4)
    assert [each["attempts"] for each in delivered] == [1] * 4
    assert len(slow_mail_receiver.mails) == 4


async def test_a_sender_that_stops_sends_nothing_afterwards(
    database: Database, slow_mail_receiver: SlowMailReceiver, ann: str
) -> None:
    alone = database_of(database.client, f"{database.name}_mail")
    # Its process outlives the sender here: what ends the attempt is the sender's own doing.
    async with open_apprise(LOOPBACK) as apprise:
        async with open_service(alone, apprise=apprise) as service:
            await service.target(ann, slow_mail_receiver.target, "email")
            await service.planning.apply([executed(ann)])
            await slow_mail_receiver.until_waiting(1)
        async with asyncio.timeout(2):
            await slow_mail_receiver.until_waiting(0)
        (delivery,) = await service.deliveries(ann)
        assert (delivery["attempts"], delivery["state"]) == (0, State.DUE)
        assert delivery["leased_until"] < datetime.now(UTC)
        slow_mail_receiver.let_go.set()
        async with open_service(alone, apprise=apprise):
            await service.until(ann, State.DELIVERED)
    assert len(slow_mail_receiver.mails) == 1
    await database.client.drop_database(alone.name)
