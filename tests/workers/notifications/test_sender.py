"""From an event to real servers."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from adapters.mongo import Document
from adapters.mongo_deliveries import State
from domain.notifications import FAILURES_IN_A_ROW, notification_id_of
from tests.receivers import HttpReceiver, MailReceiver, status
from tests.workers.notifying import LINK, Service, come_true, executed


async def test_a_trade_reaches_list_webhook_and_mail(
    service: Service, http_receiver: HttpReceiver, mail_receiver: MailReceiver, ann: str, bob: str
) -> None:
    await service.target(ann, f"{http_receiver.url}/hook")
    await service.target(ann, mail_receiver.target, "email")
    event = executed(ann, "m1")
    await service.planning.apply([event, executed(bob)])
    (received,) = await http_receiver.until(1)
    assert received.headers["webhook-id"] == notification_id_of("m1", ann)
    assert received.said == {
        "type": "trade.executed",
        "timestamp": "2026-01-02T03:04:05.000Z",
        "title": "Bought 0.5 BTCUSDT",
        "body": "Bought 0.5 BTCUSDT at 54187.09.",
        "link": f"{LINK}/trades/t1",
        "data": {"user_id": ann, "trade_id": "t1", "price": event.data["price"]},
    }
    (mail,) = await mail_receiver.until(1)
    assert mail["Subject"] == "Bought 0.5 BTCUSDT"
    assert f"at 54187.09.\r\n{LINK}/trades/t1" in mail.get_content()
    await service.until(ann, State.DELIVERED, 2)
    for user_id in (ann, bob):
        listed = await service.stores.notifications.page(
            user_id, unread=True, position=None, limit=9
        )
        assert [each["title"] for each in listed] == ["Bought 0.5 BTCUSDT"]
    assert await service.deliveries(bob) == []


async def test_an_event_that_comes_again_changes_nothing(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    await service.target(ann, http_receiver.url)
    events = [executed(ann) for _ in range(20)]
    await asyncio.gather(*(service.planning.apply(events) for _ in range(5)))
    await service.until(ann, State.DELIVERED, 20)
    await service.planning.apply(events)
    # Not even once its delivery is forgotten, as long as it is listed.
    await service.database["notification_deliveries"].delete_many({"user_id": ann})
    await service.planning.apply(events)
    assert await service.stores.notifications.unread(ann, 100) == 20
    assert await service.deliveries(ann) == []
    ids = Counter(each.headers["webhook-id"] for each in http_receiver.received)
    assert set(ids) == {notification_id_of(event.message_id, ann) for event in events}
    assert set(ids.values()) == {1}


async def test_three_attempts_under_one_id(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    await service.target(ann, http_receiver.url)
    http_receiver.answers += [status(500), status(503)]
    began = time.monotonic()
    await service.planning.apply([executed(ann)])
    (delivery,) = await service.until(ann, State.DELIVERED)
    assert time.monotonic() - began >= 0.1 + 0.2
    assert delivery["attempts"] == 3
    assert len(http_receiver.received) == 3
    assert len({each.headers["webhook-id"] for each in http_receiver.received}) == 1
    assert len({each.body for each in http_receiver.received}) == 1


async def test_a_refusal_is_final(service: Service, http_receiver: HttpReceiver, ann: str) -> None:
    await service.target(ann, http_receiver.url)
    http_receiver.answers.append(status(400))
    await service.planning.apply([executed(ann)])
    (delivery,) = await service.until(ann, State.FAILED)
    assert (delivery["attempts"], delivery["detail"]) == (1, "it answered 400")


async def test_retry_after_is_honoured(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    await service.target(ann, http_receiver.url)
    http_receiver.answers.append(status(429, Retry_After="1000"))
    before = datetime.now(UTC)
    await service.planning.apply([executed(ann)])
    await http_receiver.until(1)

    async def put_back() -> Document | None:
        (delivery,) = await service.deliveries(ann)
        return delivery if delivery.get("detail") == "it answered 429" else None

    delivery = await come_true(put_back)
    assert delivery is not None
    assert delivery["state"] == State.DUE
    assert delivery["due_at"] >= before + timedelta(seconds=990)


async def test_who_is_gone_is_not_asked_again(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    target_id = await service.target(ann, http_receiver.url)
    http_receiver.answers.append(status(410))
    await service.planning.apply([executed(ann)])
    await service.until(ann, State.FAILED)

    async def disabled() -> Document | None:
        target = (await service.stores.settings.load(ann)).target(target_id)
        return target if target and not target["enabled"] else None

    target = await come_true(disabled)
    assert target is not None
    assert target["disabled_reason"] == "it answered 410"
    await service.planning.apply([executed(ann)])
    assert len(await service.deliveries(ann)) == 1
    listed = await service.stores.notifications.page(ann, unread=True, position=None, limit=9)
    told = next(each for each in listed if each["event"] == "notification.target_disabled")
    assert told["body"].startswith("Nothing is sent to mine any more: it answered 410.")


async def test_what_fails_again_and_again_is_left_alone(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    target_id = await service.target(ann, http_receiver.url, failures=FAILURES_IN_A_ROW - 2)

    async def failures() -> dict[str, int]:
        target = (await service.stores.settings.load(ann)).target(target_id)
        return {"count": target["failures"]} if target else {}

    for code, count in ((404, FAILURES_IN_A_ROW - 1), (200, 0), (404, 1)):
        http_receiver.answers.append(status(code))
        await service.planning.apply([executed(ann)])

        async def is_counted(count: int = count) -> bool:
            return await failures() == {"count": count}

        await come_true(is_counted)
    await service.until(ann, State.FAILED, 2)
    target = (await service.stores.settings.load(ann)).target(target_id)
    assert target is not None
    assert target["enabled"]
    await service.settings(ann, targets=[{**target, "failures": FAILURES_IN_A_ROW - 1}])
    http_receiver.answers.append(status(404))
    await service.planning.apply([executed(ann)])
    await service.until(ann, State.FAILED, 3)
    target = (await service.stores.settings.load(ann)).target(target_id)
    assert target is not None
    assert not target["enabled"]


async def test_what_is_too_much_is_told_in_a_digest(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    await service.target(ann, http_receiver.url, max_per_minute=2)
    # The minute might end in between; then a second one counts anew.
    for _ in range(7):
        await service.planning.apply([executed(ann)])

    async def held_back() -> list[Document]:
        all_of_them = await service.deliveries(ann)
        held = [each for each in all_of_them if each["state"] == State.HELD]
        delivered = [each for each in all_of_them if each["state"] == State.DELIVERED]
        return held if len(held) + len(delivered) == 7 else []

    held = await come_true(held_back)
    assert len(held) in {3, 5}
    assert {each["detail"] for each in held} == {"too many in a minute"}
    singles = len(http_receiver.received)
    http_receiver.answers.append(status(500))
    await service.set_back(ann, State.HELD, "due_at")
    first, again = (await http_receiver.until(singles + 2))[singles:]
    assert first.said["type"] == "notification.digest"
    assert first.said["data"]["count"] == len(held)
    assert (again.body, again.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    await service.until(ann, State.DELIVERED, 7 + 1)
    told = [each["id"] for each in first.said["data"]["notifications"]]
    assert sorted(told) == sorted(each["notification_id"] for each in held)


async def test_quiet_hours_hold_back_and_then_tell(
    service: Service, http_receiver: HttpReceiver, ann: str
) -> None:
    hour = datetime.now(UTC).hour
    quiet = {"from": f"{hour:02}:00", "to": f"{(hour + 12) % 24:02}:00", "timezone": "UTC"}
    await service.target(ann, http_receiver.url)
    await service.settings(ann, quiet_hours=quiet)
    await service.planning.apply([executed(ann), executed(ann)])
    held = await service.until(ann, State.HELD, 2)
    assert all(each["due_at"] > datetime.now(UTC) for each in held)
    assert await service.stores.notifications.unread(ann, 10) == 2
    await service.set_back(ann, State.HELD, "due_at")
    (digest,) = await http_receiver.until(1)
    assert digest.said["title"] == "2 notifications"


async def test_slow_servers_of_one_leave_room_for_others(
    service: Service,
    silent_url: str,
    http_receiver: HttpReceiver,
    ann: str,
    bob: str,
) -> None:
    await service.target(bob, silent_url)
    await service.target(ann, http_receiver.url)
    await service.planning.apply([executed(bob) for _ in range(200)])
    await service.planning.apply([executed(ann) for _ in range(50)])
    await service.until(ann, State.DELIVERED, 50)
    assert {each["state"] for each in await service.deliveries(bob)} == {State.DUE}
    await service.database["notification_deliveries"].delete_many({"user_id": bob})
