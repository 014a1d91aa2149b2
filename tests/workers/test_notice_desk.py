import asyncio
import secrets
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.service import RetryConfig

from domain.activity import Activity, ActivityKind, Origin
from domain.errors import Retryable
from tests.chaos.links import Link
from workers import notice_desk
from workers.notice_desk import BackgroundNotices, NoticeDesk
from workers.temporal import DATA_CONVERTER


def signed_in(kind: ActivityKind = ActivityKind.SIGNED_IN) -> Activity:
    return Activity(secrets.token_hex(8), kind, "ann", datetime.now(UTC), Origin())


@pytest.fixture
async def desk(temporal_address: str) -> NoticeDesk:
    return NoticeDesk(await Client.connect(temporal_address, data_converter=DATA_CONVERTER))


@pytest.fixture
async def away(temporal_address: str, monkeypatch: pytest.MonkeyPatch) -> NoticeDesk:
    """Return a desk whose Temporal has gone away."""
    monkeypatch.setattr(notice_desk, "START_TIMEOUT_S", 0.2)
    link = Link(int(temporal_address.rpartition(":")[2]))
    await link.open()
    client = await Client.connect(
        f"127.0.0.1:{link.port}",
        data_converter=DATA_CONVERTER,
        retry_config=RetryConfig(max_retries=1),
    )
    await link.cut()
    return NoticeDesk(client)


async def test_a_notice_is_begun_once(desk: NoticeDesk) -> None:
    told = signed_in()
    assert await desk.begin(told)
    assert not await desk.begin(told)


async def test_temporal_that_is_away_is_a_passing_fault(away: NoticeDesk) -> None:
    with pytest.raises(Retryable):
        await away.begin(signed_in())


async def test_what_cannot_be_begun_is_left_to_the_sweep(away: NoticeDesk) -> None:
    notices = BackgroundNotices()
    notices.announce(signed_in())  # before it is open
    notices.open(away)
    with capture_logs() as lines:
        notices.announce(signed_in(ActivityKind.ORDER_ASKED))
        notices.announce(signed_in())
        async with asyncio.timeout(20):
            while not lines:  # noqa: ASYNC110 - a log line wakes nobody
                await asyncio.sleep(0.02)
        await notices.close()
    assert [line["event"] for line in lines] == ["notice.left_to_the_sweep"]


async def test_what_is_under_way_is_bounded_and_given_up_at_the_end(
    away: NoticeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_desk, "START_TIMEOUT_S", 60.0)
    monkeypatch.setattr(notice_desk, "MOST_UNDER_WAY", 3)
    notices = BackgroundNotices()
    notices.open(away)
    for _ in range(10):
        notices.announce(signed_in())
    assert len(notices._under_way) == 3
    async with asyncio.timeout(20):
        await notices.close()
