"""Settings, lists and read marks, through the edge."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.notification_events import DEFAULT_EVENTS, EVENTS
from domain.notifications import notifications_of
from tests.api.people import Edge, OpenEdge, bearer
from tests.receivers import HttpReceiver, MailReceiver
from tests.workers.notifying import come_true, executed
from workers.notification_channels import open_channels
from workers.notification_sender import DeliverySender, RateLimits
from workers.notification_stores import NotificationStores

SETTINGS = "/api/notifications/settings"
LIST = "/api/notifications"


@dataclass
class Person:
    """Somebody who is signed in."""

    edge: Edge
    user_id: str
    headers: dict[str, str]

    async def get(self, path: str) -> Any:
        response = await self.edge.http.get(path, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def put(self, **changes: Any) -> httpx.Response:
        return await self.edge.http.put(SETTINGS, json=changes, headers=self.headers)

    async def post(self, path: str) -> httpx.Response:
        return await self.edge.http.post(path, headers=self.headers)

    async def saved(self, **changes: Any) -> Any:
        response = await self.put(**changes)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, **changes: Any) -> dict[str, str]:
        response = await self.put(**changes)
        assert response.status_code == 422, response.text
        return {each["field"]: each["message"] for each in response.json()["errors"]}

    async def told(self, count: int) -> list[str]:
        """List so many notifications; return their ids, newest first."""
        stores = self.edge.services.notifications.desk.stores
        for _ in range(count):
            await stores.notifications.add(
                notifications_of(executed(self.user_id)), datetime.now(UTC)
            )
        listed = await self.get(f"{LIST}?limit={count}")
        return [each["notification_id"] for each in listed["items"]]


async def person(edge: Edge) -> Person:
    registered = await edge.register()
    return Person(edge, registered["user"]["id"], bearer(registered["token"]))


@pytest.fixture(scope="module")
async def open_house(open_edge: OpenEdge) -> AsyncIterator[Edge]:
    """An application whose users may have targets on this machine."""
    async with open_edge(notification_networks=["127.0.0.0/8"]) as opened:
        yield opened


@pytest.fixture
async def ann(open_house: Edge) -> Person:
    return await person(open_house)


@pytest.fixture
async def stranger(edge: Edge) -> Person:
    """Somebody where targets are in public only."""
    return await person(edge)


def webhook(url: str | None, **more: Any) -> dict[str, Any]:
    return {"name": "mine", "kind": "webhook", **({"url": url} if url else {}), **more}


async def test_who_has_set_nothing_is_told_what_matters(ann: Person) -> None:
    settings = await ann.get(SETTINGS)
    assert settings == {
        "targets": [],
        "events": list(DEFAULT_EVENTS),
        "quiet_hours": None,
        "digest": None,
        "available_events": list(EVENTS),
        "default_events": list(DEFAULT_EVENTS),
    }


async def test_a_secret_is_told_once(ann: Person, http_receiver: HttpReceiver) -> None:
    url = f"{http_receiver.url}/my-token"
    (made,) = (await ann.saved(targets=[webhook(url)]))["targets"]
    assert made["secret"].startswith("whsec_")
    assert made["address"] == f"{http_receiver.url}/…"
    read = await ann.get(SETTINGS)
    assert read["targets"] == [{**made, "secret": None}]
    document = await ann.edge.services.connections.database["notification_settings"].find_one(
        {"_id": ann.user_id}
    )
    assert "my-token" not in str(document)
    assert "whsec_" not in str(document)


async def test_what_is_kept_keeps_its_secret(ann: Person, http_receiver: HttpReceiver) -> None:
    first, second = (
        await ann.saved(targets=[webhook(http_receiver.url), webhook(http_receiver.url)])
    )["targets"]
    kept = webhook(None, target_id=first["target_id"], events=["trade.failed"])
    (same,) = (await ann.saved(targets=[kept]))["targets"]
    assert same["secret"] is None
    assert same["address"] == first["address"]
    assert same["events"] == ["trade.failed"]
    moved = {**kept, "url": f"{http_receiver.url}/elsewhere"}
    assert (await ann.saved(targets=[moved]))["targets"][0]["secret"] is None
    rotated = await ann.saved(targets=[{**kept, "rotate_secret": True}])
    assert rotated["targets"][0]["secret"] not in {None, first["secret"], second["secret"]}
    gone = await ann.refused(targets=[webhook(None, target_id=second["target_id"])])
    assert set(gone) == {"targets.0.target_id"}
    twice = await ann.refused(targets=[kept, kept])
    assert set(twice) == {"targets.1.target_id"}
    other = {**kept, "kind": "discord"}
    assert set(await ann.refused(targets=[other])) == {"targets.0.url"}


async def test_an_address_that_no_key_opens_is_asked_for_again(
    ann: Person, http_receiver: HttpReceiver
) -> None:
    (made,) = (await ann.saved(targets=[webhook(http_receiver.url)]))["targets"]
    await ann.edge.services.connections.database["notification_settings"].update_one(
        {"_id": ann.user_id}, {"$set": {"targets.0.sealed.key_id": "of last year"}}
    )
    kept = webhook(None, target_id=made["target_id"], rotate_secret=True)
    assert set(await ann.refused(targets=[kept])) == {"targets.0.url"}
    (again,) = (await ann.saved(targets=[{**kept, "url": http_receiver.url}]))["targets"]
    assert again["secret"].startswith("whsec_")


async def test_another_users_target_is_nobodys(
    ann: Person, open_house: Edge, http_receiver: HttpReceiver
) -> None:
    (hers,) = (await ann.saved(targets=[webhook(http_receiver.url)]))["targets"]
    bob = await person(open_house)
    assert set(await bob.refused(targets=[webhook(None, target_id=hers["target_id"])])) == {
        "targets.0.target_id"
    }
    assert (
        await bob.post(f"/api/notifications/targets/{hers['target_id']}/test")
    ).status_code == 404


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (webhook("http://127.0.0.1:8000/"), "its address is not a public one"),
        (webhook("https://localhost/x"), "its address is not a public one"),
        (webhook("https://[::ffff:169.254.169.254]/"), "its address is not a public one"),
        (webhook("https://2130706433/"), None),
        (webhook("https://0x7f.1/"), None),
        (webhook("http://1.1.1.1/"), "it must begin with https://"),
        (webhook("ftp://1.1.1.1/"), "it must begin with https://"),
        (webhook("https://ann:pw@1.1.1.1/"), None),
        (webhook("https://1.1.1.1:99999/"), "it is not an address"),
        (webhook("https://1.1.1.1/ x"), None),
        (webhook("https:///x"), None),
        (webhook("https://no-such-host.invalid/"), "no such host is known"),
        ({"name": "x", "kind": "email", "url": "mailto://127.0.0.1:25/?from=a@b.c"}, None),
        ({"name": "x", "kind": "apprise", "url": "json://169.254.169.254/"}, None),
        ({"name": "x", "kind": "apprise", "url": "syslog://"}, None),
        ({"name": "x", "kind": "apprise", "url": "dbus://"}, None),
        ({"name": "x", "kind": "telegram", "url": "json://1.1.1.1/"}, None),
        ({"name": "x", "kind": "discord", "url": "https://1.1.1.1/"}, None),
    ],
)
async def test_targets_that_nothing_is_sent_to(
    stranger: Person, target: dict[str, Any], message: str | None
) -> None:
    errors = await stranger.refused(targets=[target])
    assert set(errors) == {"targets.0.url"}
    assert message is None or errors["targets.0.url"] == message
    assert target["url"] not in str(errors)
    assert (await stranger.get(SETTINGS))["targets"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"events": ["trade.exploded"]}, "events.0"),
        ({"targets": [{"name": "", "kind": "webhook"}]}, "targets.0.name"),
        ({"targets": [{"name": "x", "kind": "pigeon"}]}, "targets.0.kind"),
        ({"targets": [{"name": "x", "kind": "webhook"}]}, "targets.0.url"),
        ({"targets": [webhook("https://1.1.1.1/")] * 11}, "targets"),
        ({"quiet_hours": {"from": "22:00", "to": "22:00", "timezone": "UTC"}}, "quiet_hours"),
        ({"quiet_hours": {"from": "24:00", "to": "7:00", "timezone": "UTC"}}, "quiet_hours.from"),
        (
            {"quiet_hours": {"from": "22:00", "to": "07:00", "timezone": "../../etc/passwd"}},
            "quiet_hours.timezone",
        ),
        ({"digest": {"every_minutes": 1}}, "digest.every_minutes"),
        ({"digest": {}}, "digest"),
        ({"digest": {"daily_at": "08:00", "timezone": "Mars/Olympus"}}, "digest.timezone"),
        ({"sms": True}, "sms"),
    ],
)
async def test_settings_that_make_no_sense(
    stranger: Person, changes: dict[str, Any], field: str
) -> None:
    assert field in await stranger.refused(**changes)


async def test_what_is_left_out_stays(ann: Person, http_receiver: HttpReceiver) -> None:
    quiet = {"from": "22:00", "to": "07:00", "timezone": "Europe/Vienna"}
    await ann.saved(targets=[webhook(http_receiver.url)], quiet_hours=quiet)
    await ann.saved(events=["trade.failed", "trade.failed"])
    settings = await ann.saved(digest={"daily_at": "08:00", "timezone": "Asia/Kolkata"})
    assert len(settings["targets"]) == 1
    assert settings["quiet_hours"] == quiet
    assert settings["events"] == ["trade.failed"]
    assert settings["digest"]["daily_at"] == "08:00"
    assert (await ann.saved(quiet_hours=None))["quiet_hours"] is None


async def test_changes_at_the_same_time_are_all_made(ann: Person) -> None:
    await asyncio.gather(
        ann.saved(events=["trade.failed"]),
        ann.saved(digest={"every_minutes": 60}),
        ann.saved(quiet_hours={"from": "22:00", "to": "07:00", "timezone": "UTC"}),
    )
    settings = await ann.get(SETTINGS)
    assert settings["events"] == ["trade.failed"]
    assert settings["digest"]["every_minutes"] == 60
    assert settings["quiet_hours"]["from"] == "22:00"


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


async def test_nothing_without_a_token(open_house: Edge) -> None:
    for path in (LIST, SETTINGS, f"{LIST}/deliveries"):
        assert (await open_house.http.get(path)).status_code == 401


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


async def test_changes_are_counted(ann: Person) -> None:
    answers = [await ann.put(events=[]) for _ in range(31)]
    assert {each.status_code for each in answers[:30]} == {200}
    assert answers[30].status_code == 429
    assert int(answers[30].headers["Retry-After"]) <= 60


async def test_lists_forget_after_three_months(ann: Person) -> None:
    (notification_id,) = await ann.told(1)
    found = await ann.edge.services.connections.database["notifications"].find_one(
        {"_id": notification_id}
    )
    assert found is not None
    assert found["expires_at"] - found["created_at"] == timedelta(days=90)
    assert secrets.compare_digest(found["user_id"], ann.user_id)
