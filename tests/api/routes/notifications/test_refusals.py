"""What nobody can set, see or do."""

import asyncio
from typing import Any

import pytest

from tests.api.people import Edge
from tests.api.routes.notifications.listening import LIST, SETTINGS, Person, person, webhook
from tests.receivers import HttpReceiver


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


async def test_nothing_without_a_token(open_house: Edge) -> None:
    for path in (LIST, SETTINGS, f"{LIST}/deliveries"):
        assert (await open_house.http.get(path)).status_code == 401


async def test_changes_and_tests_are_counted(ann: Person) -> None:
    nobodys = "/api/notifications/targets/00000000-0000-0000-0000-000000000000/test"
    answers = await asyncio.gather(*(ann.post(nobodys) for _ in range(31)))
    assert sorted(each.status_code for each in answers) == [404] * 30 + [429]
    (refused,) = (each for each in answers if each.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
