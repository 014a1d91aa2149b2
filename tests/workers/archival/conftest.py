"""One installation with its archival worker for all of these tests: starting it is dear."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client, WorkflowHandle

from adapters.mongo import Database, database_of, open_client
from adapters.mongo_holds import MongoHolds
from adapters.mongo_manifests import MongoManifests
from domain.archival.messages import (
    ARCHIVAL_QUEUE,
    ArchivalReport,
    ArchivalRequest,
    RestoreReport,
    RestoreRequest,
)
from domain.archival.tiers import DataType
from tests.archiving import NOW
from tests.replay.replaying import keep
from tests.workers.archival.faulty_storage import FaultyStorage
from workers.archival import run_archival_worker
from workers.settings import Settings
from workers.temporal import connect_temporal
from workflows.data_archival import DataArchival
from workflows.restore import Restore


@dataclass
class Archive:
    """One installation with its worker, and object storage that can be told to fail."""

    database: Database
    client: Client
    settings: Settings
    storage: FaultyStorage
    moto_url: str

    async def start(
        self, data_type: DataType, **asked: Any
    ) -> WorkflowHandle[DataArchival, ArchivalReport]:
        request = ArchivalRequest(data_type, **{"as_of": NOW, **asked})
        return await self.client.start_workflow(
            DataArchival.run, request, id=request.workflow_id, task_queue=ARCHIVAL_QUEUE
        )

    async def run(self, data_type: DataType, **asked: Any) -> ArchivalReport:
        return await (await self.start(data_type, **asked)).result()

    async def restore(self, request: RestoreRequest) -> WorkflowHandle[Restore, RestoreReport]:
        return await self.client.start_workflow(
            Restore.run, request, id=request.workflow_id, task_queue=ARCHIVAL_QUEUE
        )

    @property
    def manifests(self) -> MongoManifests:
        return MongoManifests(self.database)

    @property
    def holds(self) -> MongoHolds:
        return MongoHolds(self.database)

    @contextlib.asynccontextmanager
    async def manual_retrieval(self, times: int) -> AsyncIterator[None]:
        """Let moto retrieve an object when it was asked about so often."""
        url = f"{self.moto_url}/moto-api/state-manager"
        name = {"model_name": "s3::keyrestore"}
        transition = {"transition": {"progression": "manual", "times": times}}
        async with httpx.AsyncClient() as client:
            posted = await client.post(f"{url}/set-transition", json=name | transition)
            posted.raise_for_status()
            try:
                yield
            finally:
                (await client.post(f"{url}/unset-transition", json=name)).raise_for_status()


async def keep_history(handle: WorkflowHandle[Any, Any], name: str) -> None:
    """Write a history down for tests/replay, where that was asked for."""
    if os.environ.get("RECORD_HISTORIES"):
        keep(f"archival/{name}", await handle.fetch_history())


@pytest.fixture(scope="package")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@contextlib.asynccontextmanager
async def installed(
    temporal_address: str, s3_url: str, mongodb_url: str, spool: Path
) -> AsyncIterator[Archive]:
    """Run an archival worker on a database of its own."""
    name = f"test_{secrets.token_hex(6)}"
    async with FaultyStorage(s3_url) as storage:
        settings = Settings(
            jwt_secret="x" * 32,
            credentials_key="x",
            mongodb_url=mongodb_url,
            mongodb_database=name,
            temporal_address=temporal_address,
            s3_endpoint_url=storage.url,
            archive_bucket=f"archive-{secrets.token_hex(6)}",
            archive_spool_directory=str(spool),
            archive_retrieval_poll_s=0.1,
            archive_heartbeat_s=5,
        )
        client = await connect_temporal(settings)
        mongo = open_client(mongodb_url)
        try:
            async with run_archival_worker(settings, client):
                yield Archive(database_of(mongo, name), client, settings, storage, s3_url)
        finally:
            await mongo.drop_database(name)
            mongo.close()


@pytest.fixture(scope="package")
async def installation(
    temporal_address: str, s3_url: str, mongodb_url: str, spool: Path
) -> AsyncIterator[Archive]:
    async with installed(temporal_address, s3_url, mongodb_url, spool) as archive:
        yield archive


@pytest.fixture
async def archive(installation: Archive) -> AsyncIterator[Archive]:
    """Return the installation, empty."""
    installation.storage.heal()
    for name in await installation.database.list_collection_names():
        await installation.database[name].delete_many({})
    yield installation
    installation.storage.heal()
