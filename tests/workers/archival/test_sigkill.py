"""Whenever the worker dies, every record is found exactly once; and in the end all have moved.

`make soak-archive` does the same with a million records (`ARCHIVE_COUNT`).
"""

import asyncio
import json
import os
import random
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_schema import ensure_schema
from domain.archival.messages import ARCHIVAL_QUEUE, ArchivalReport, ArchivalRequest
from domain.archival.tiers import HOT_CANDLES_A_SERIES, DataType
from tests.archiving import NOW, fill
from tests.chaos.system import Program
from tests.conftest import StartServer
from tests.workers.archival.census import Census, digest
from workers.settings import Settings
from workers.stack import servers
from workers.stack.children import Launch
from workers.temporal import connect_temporal
from workflows.data_archival import DataArchival

COUNT = int(os.environ.get("ARCHIVE_COUNT", "4000"))
IS_SOAK = COUNT > 100_000
KILLS = 24 if IS_SOAK else 3
# The fake clock: records are made in the four weeks before `NOW`; some are archived at the first
# of these times, more at the second; at the last, all that may be is in cold storage or deleted.
TIMES = tuple(NOW + timedelta(days=days) for days in (20, 60, 500))
# What is deleted from the archive, after so many days.
DELETED_DAYS = {DataType.AI_ANALYSIS: 90, DataType.SYSTEM_LOGS: 30}
WEEKS_DAYS = 28
SHARES = {
    DataType.TRADES: 0.4,
    DataType.CANDLES: 0.3,
    DataType.AI_ANALYSIS: 0.1,
    DataType.USER_ACTIVITY: 0.1,
    DataType.SYSTEM_LOGS: 0.1,
}


class Installation:
    """A database with mixed records, and a worker in a process that can be killed."""

    def __init__(self, database: Database, client: Client, worker: Program, census: Census) -> None:
        self.database = database
        self.client = client
        self.worker = worker
        self.census = census
        self.made: dict[DataType, dict[object, bytes]] = {}
        self.ages: dict[DataType, dict[object, int]] = {}
        self.sums: dict[str, Decimal] = {}
        self.observed = 0

    async def fill(self) -> None:
        """Make the records."""
        for data_type, share in SHARES.items():
            numbers = range(round(COUNT * share))
            made = await fill(self.database, data_type, [(n, n % WEEKS_DAYS) for n in numbers])
            self.made[data_type] = {name: digest(record) for name, record in made.items()}
            if data_type in DELETED_DAYS:
                self.ages[data_type] = {name: n % WEEKS_DAYS for n, name in enumerate(made)}
        for kind in ("trades", "candles"):
            self.sums[kind] = await asyncio.to_thread(self.census.sum, kind)

    async def observe(self, as_of: datetime) -> None:
        """Count everything; what is not deleted for its age must be there as it was."""
        for data_type, made in self.made.items():
            found = await asyncio.to_thread(self.census.count, str(data_type))
            kept = self._kept(data_type, as_of)
            assert {name: found.get(name) for name in kept} == kept, data_type
            assert found.items() <= made.items(), data_type
        self.observed += 1

    async def start(self, data_type: DataType, as_of: datetime) -> "Run":
        request = ArchivalRequest(data_type, as_of=as_of)
        return await self.client.start_workflow(
            DataArchival.run,
            request,
            id=request.workflow_id,
            task_queue=ARCHIVAL_QUEUE,
            # A worker that dies with a workflow's task in its hands is noticed by this.
            task_timeout=timedelta(seconds=1),
        )

    def _kept(self, data_type: DataType, as_of: datetime) -> dict[object, bytes]:
        """Return what is not old enough to be deleted."""
        made = self.made[data_type]
        if data_type not in DELETED_DAYS:
            return made
        youngest_deleted = DELETED_DAYS[data_type] - (as_of - NOW).days
        ages = self.ages[data_type]
        return {name: each for name, each in made.items() if ages[name] < youngest_deleted}


Run = WorkflowHandle[DataArchival, ArchivalReport]


@pytest.fixture(scope="module")
def temporal_address(session_servers: StartServer) -> str:
    """A Temporal of its own: the other tests' worker would take this one's work."""
    return session_servers(servers.TEMPORAL).url


@pytest.fixture
async def installation(
    mongodb_url: str, temporal_address: str, s3_url: str, tmp_path: Path
) -> AsyncIterator[Installation]:
    name = f"test_{secrets.token_hex(6)}"
    environment = {
        "BOTCORE_JWT_SECRET": "x" * 32,
        "BOTCORE_CREDENTIALS_KEY": "x",
        "BOTCORE_MONGODB_URL": mongodb_url,
        "BOTCORE_MONGODB_DATABASE": name,
        "BOTCORE_TEMPORAL_ADDRESS": temporal_address,
        "BOTCORE_S3_ENDPOINT_URL": s3_url,
        "BOTCORE_ARCHIVE_BUCKET": f"archive-{secrets.token_hex(6)}",
        "BOTCORE_ARCHIVE_SPOOL_DIRECTORY": str(tmp_path / "spool"),
        # Longer than the document's, so that none is deleted before all others are cold.
        "BOTCORE_ARCHIVE_AGES": json.dumps(
            {"candles": {"hot_days": 7, "archive_days": 30, "cold_days": 2_557}}
        ),
        "BOTCORE_ARCHIVE_FILE_DOCUMENTS": str(max(1_000, COUNT // 8)),
        # Nobody trades beside it.
        "BOTCORE_ARCHIVE_REST": "0",
        "BOTCORE_ARCHIVE_HEARTBEAT_S": "10" if IS_SOAK else "1",
    }
    launch = Launch((sys.executable, "-m", "workers.archival"), environment)
    log = tmp_path / "worker.log"
    worker = Program("archival", lambda: launch, lambda child: child.announced, log)
    census = Census(mongodb_url, name, s3_url, environment["BOTCORE_ARCHIVE_BUCKET"])
    mongo = open_client(mongodb_url, operation_timeout_ms=60_000)
    settings = Settings(jwt_secret="x" * 32, credentials_key="x", temporal_address=temporal_address)
    client = await connect_temporal(settings)
    try:
        database = database_of(mongo, name)
        await ensure_schema(database)
        await worker.start()
        yield Installation(database, client, worker, census)
    finally:
        await worker.stop()
        census.close()
        await mongo.drop_database(name)
        mongo.close()
        for data_type in DataType:
            await client.get_schedule_handle(f"archival-{data_type}").delete()


def _moments() -> Iterator[float]:
    """Return when the worker is killed, in seconds after it was ready."""
    chance = random.Random(20260615)
    for _ in range(KILLS):
        yield chance.uniform(0.0, 15.0 if IS_SOAK else 1.2)


@pytest.mark.timeout(7_200 if IS_SOAK else 300)
async def test_every_record_is_found_once_whenever_the_worker_dies(
    installation: Installation,
) -> None:
    await installation.fill()
    moments = list(_moments())
    for as_of, killed_at in zip(TIMES, (moments[::3], moments[1::3], moments[2::3]), strict=True):
        handles = [await installation.start(data_type, as_of) for data_type in SHARES]
        running = asyncio.gather(*(handle.result() for handle in handles))
        for wait_s in killed_at:
            await asyncio.wait([running], timeout=wait_s)
            installation.worker.kill()
            await installation.observe(as_of)
            await installation.worker.start()
        while not running.done():
            await installation.observe(as_of)
        for report in await running:
            assert report.refusals == ()
        await installation.observe(as_of)
    await _all_have_moved(installation)


async def _all_have_moved(installation: Installation) -> None:
    database, made = installation.database, installation.made
    for data_type in SHARES:
        hot = HOT_CANDLES_A_SERIES if data_type is DataType.CANDLES else 0
        assert await database[data_type].count_documents({}) == hot
        assert await database[data_type.archive].count_documents({}) == 0
    for kind, total in installation.sums.items():
        assert await asyncio.to_thread(installation.census.sum, kind) == total
    counted: Counter[str] = Counter()
    async for manifest in database["archive_manifests"].find():
        assert manifest["state"] == "removed"
        counted[manifest["data_type"]] += manifest["contents"]["document_count"]
    assert counted["trades"] == len(made[DataType.TRADES])
    assert counted["candles"] == len(made[DataType.CANDLES]) - HOT_CANDLES_A_SERIES
    assert counted["user_activity"] == len(made[DataType.USER_ACTIVITY])
    assert installation.observed > KILLS
