"""The archival worker on real servers: tiers by age, proofs before removals, restores, holds."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client, WorkflowHandle

from adapters.mongo import Database
from adapters.mongo_manifests import MongoManifests
from domain.archival.manifests import ManifestState
from domain.archival.messages import (
    ARCHIVAL_QUEUE,
    ArchivalReport,
    ArchivalRequest,
    RestoreReport,
    RestoreRequest,
)
from domain.archival.tiers import DataType
from tests.archiving import NOW, bucket, fill, stored
from workers.archival import run_archival_worker
from workers.settings import Settings
from workers.temporal import connect_temporal
from workflows.data_archival import DataArchival
from workflows.restore import Restore


@dataclass
class Archive:
    """One installation with its worker."""

    database: Database
    client: Client
    settings: Settings

    async def run(self, data_type: DataType, **asked: Any) -> ArchivalReport:
        request = ArchivalRequest(data_type, **{"as_of": NOW, **asked})
        report: ArchivalReport = await self.client.execute_workflow(
            DataArchival.run, request, id=request.workflow_id, task_queue=ARCHIVAL_QUEUE
        )
        return report

    async def restore(self, request: RestoreRequest) -> WorkflowHandle[Restore, RestoreReport]:
        return await self.client.start_workflow(
            Restore.run, request, id=request.workflow_id, task_queue=ARCHIVAL_QUEUE
        )

    @property
    def manifests(self) -> MongoManifests:
        return MongoManifests(self.database)


@pytest.fixture
async def archive(
    database: Database, temporal_address: str, s3_url: str, mongodb_url: str, tmp_path: Path
) -> AsyncIterator[Archive]:
    settings = Settings(
        jwt_secret="x" * 32,
        credentials_key="x",
        mongodb_url=mongodb_url,
        mongodb_database=database.name,
        temporal_address=temporal_address,
        s3_endpoint_url=s3_url,
        archive_bucket=bucket(),
        archive_spool_directory=str(tmp_path),
        archive_retrieval_poll_s=0.2,
        archive_heartbeat_s=5,
    )
    client = await connect_temporal(settings)
    async with run_archival_worker(settings, client):
        yield Archive(database, client, settings)


@contextlib.asynccontextmanager
async def manual_retrieval(s3_url: str, times: int) -> AsyncIterator[None]:
    """Let moto retrieve an object when it was asked about so often."""
    url = f"{s3_url}/moto-api/state-manager"
    transition = {"progression": "manual", "times": times}
    body = {"model_name": "s3::keyrestore", "transition": transition}
    async with httpx.AsyncClient() as client:
        (await client.post(f"{url}/set-transition", json=body)).raise_for_status()
        try:
            yield
        finally:
            unset = {"model_name": "s3::keyrestore"}
            (await client.post(f"{url}/unset-transition", json=unset)).raise_for_status()


async def test_trades_go_through_every_tier(archive: Archive, s3_url: str) -> None:
    ages = [(n, 5.0) for n in range(50)] + [(n, 60.0) for n in range(50, 300)]
    ages += [(n, 300.0) for n in range(300, 2_500)]
    made = await fill(archive.database, DataType.TRADES, ages)
    foreseen = await archive.run(DataType.TRADES, dry_run=True)
    assert (foreseen.to_archive.documents, foreseen.to_cold.documents) == (2_450, 2_200)
    assert await archive.database["trades"].count_documents({}) == 2_500

    report = await archive.run(DataType.TRADES)
    assert report.refusals == ()
    assert (report.to_archive.documents, report.to_cold.documents) == (2_450, 2_200)
    hot = await stored(archive.database, "trades")
    archived = await stored(archive.database, "archive_trades")
    assert len(hot) == 50
    assert len(archived) == 250
    [manifest] = await archive.manifests.manifests(DataType.TRADES)
    assert manifest.state is ManifestState.REMOVED
    assert manifest.document_count == 2_200
    assert manifest.storage_class == "GLACIER"

    first = NOW - timedelta(days=301)
    async with manual_retrieval(s3_url, 3):
        handle = await archive.restore(
            RestoreRequest(DataType.TRADES, first, NOW - timedelta(days=299))
        )
        back = await handle.result()
    assert back.refusals == ()
    assert back.documents == 2_200
    restored = await stored(archive.database, "restored_trades")
    assert {**hot, **archived, **restored} == made
