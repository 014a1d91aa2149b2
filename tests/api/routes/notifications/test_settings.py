"""Settings, through the edge."""

import asyncio

from domain.notification_events import DEFAULT_EVENTS, EVENTS
from tests.api.routes.notifications.listening import LIST, SETTINGS, Person, webhook
from tests.receivers import HttpReceiver


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


async def test_new_addresses_are_announced_where_the_old_ones_are(
    ann: Person, http_receiver: HttpReceiver
) -> None:
    async def announced() -> int:
        listed = (await ann.get(LIST))["items"]
        return [each["event"] for each in listed].count("notification.targets_changed")

    (first,) = (await ann.saved(targets=[webhook(http_receiver.url)]))["targets"]
    kept = webhook(None, target_id=first["target_id"])
    assert await announced() == 1
    await ann.saved(targets=[{**kept, "name": "renamed"}], quiet_hours=None)
    assert await announced() == 1
    await ann.saved(targets=[kept, webhook(f"{http_receiver.url}/of-somebody-else")])
    assert await announced() == 2
    (delivery,) = (await ann.get(f"{LIST}/deliveries"))["items"]
    assert delivery["target_id"] == first["target_id"]
    await ann.saved(targets=[])
    assert await announced() == 3
    # The last ones hear of their own end.
    assert len((await ann.get(f"{LIST}/deliveries"))["items"]) == 1 + 2


async def test_who_is_told_less_is_told_so(ann: Person, http_receiver: HttpReceiver) -> None:
    made = await ann.saved(targets=[webhook(http_receiver.url), webhook(http_receiver.url)])
    first, second = (webhook(None, target_id=each["target_id"]) for each in made["targets"])

    async def told() -> list[str]:
        deliveries = (await ann.get(f"{LIST}/deliveries"))["items"]
        return sorted(each["target_id"] for each in deliveries)

    assert await told() == []
    both = sorted([first["target_id"], second["target_id"]])
    await ann.saved(events=["trade.executed"])
    assert await told() == both
    await ann.saved(events=["trade.executed", "trade.failed"])
    assert await told() == both
    await ann.saved(targets=[{**first, "events": ["trade.failed"]}, second])
    assert await told() == sorted(both * 2)
    await ann.saved(targets=[first, {**second, "enabled": False}])
    assert await told() == sorted(both * 3)
    # What was off was not told before, and is not now.
    await ann.saved(targets=[first])
    assert await told() == sorted([*both * 3, first["target_id"]])
    listed = (await ann.get(LIST))["items"]
    assert {each["event"] for each in listed} == {"notification.targets_changed"}
    assert len(listed) == 5
