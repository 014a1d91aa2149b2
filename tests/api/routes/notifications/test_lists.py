"""Lists, read marks and tests of targets."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any

from tests.api.people import Edge
from tests.api.routes.notifications.listening import LIST, Person, person, webhook
from tests.receivers import HttpReceiver, MailReceiver
from tests.workers.notifying import come_true
from workers.notification_channels import open_channels
from workers.notification_sender import DeliverySender, RateLimits
from workers.notification_stores import NotificationStores


async def test_the_list_and_its_marks(ann: Person, open_house: Edge) -> None:
    ids = await ann.told(5)
    first = await ann.get(f"{LIST}?limit=2")
    rest = await ann.get(f"{LIST}?limit=9&cursor={first['next_cursor']}")
    assert [e["notification_id"] for e in first["items"] + rest["items"]] == ids
    assert first["unread"] == 5
    assert first["items"][0]["title"] == "Bought 0.5 BTCUSDT"
    assert "user_id" not in first["items"][0]
    assert (await ann.post(f"{LIST}/{ids[1]}/read")).status_code == 204
    marked = (await ann.get(LIST))["items"][1]["read_at"]
    assert (await ann.post(f"{LIST}/{ids[1]}/read")).status_code == 204
    listed = await ann.get(LIST)
    assert listed["items"][1]["read_at"] == marked
    assert listed["unread"] == 4
    unread = await ann.get(f"{LIST}?unread=true")
    assert [e["notification_id"] for e in unread["items"]] == [ids[0], *ids[2:]]
    bob = await person(open_house)
    assert (await bob.post(f"{LIST}/{ids[0]}/read")).status_code == 404
    assert (await bob.get(LIST)) == {"items": [], "next_cursor": None, "unread": 0}
    assert (await bob.post(f"{LIST}/read-all")).status_code == 204
    assert (await ann.get(LIST))["unread"] == 4
    assert (await ann.post(f"{LIST}/read-all")).status_code == 204
    assert (await ann.get(LIST))["unread"] == 0


async def test_a_test_arrives(
    ann: Person, http_receiver: HttpReceiver, mail_receiver: MailReceiver
) -> None:
    mail = {"name": "mail", "kind": "email", "url": mail_receiver.target}
    targets = (await ann.saved(targets=[webhook(http_receiver.url), mail]))["targets"]
    assert targets[1]["address"] == "mailto://127.0.0.1/…"
    settings = ann.edge.services.settings
    stores: NotificationStores = ann.edge.services.notifications.desk.stores
    async with open_channels(settings) as channels:
        sender = DeliverySender(stores, channels, RateLimits(9, 9), settings.dashboard_url)
        sending = asyncio.create_task(sender.run())
        for target in targets:
            sent = await ann.post(f"/api/notifications/targets/{target['target_id']}/test")
            assert sent.status_code == 202
        await http_receiver.until(1)
        await mail_receiver.until(1)

        async def delivered() -> list[Any]:
            found: list[Any] = (await ann.get(f"{LIST}/deliveries"))["items"]
            return found if all(each["state"] == "DELIVERED" for each in found) else []

        assert len(await come_true(delivered)) == 2
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert mail_receiver.mails[0]["Subject"] == "It works"
    assert http_receiver.received[0].said["type"] == "notification.test"


async def test_lists_forget_after_three_months(ann: Person) -> None:
    (notification_id,) = await ann.told(1)
    found = await ann.edge.services.connections.database["notifications"].find_one(
        {"_id": notification_id}
    )
    assert found is not None
    assert found["expires_at"] - found["created_at"] == timedelta(days=90)
    assert secrets.compare_digest(found["user_id"], ann.user_id)
