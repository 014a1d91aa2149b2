"""`python -m workers.archival`: the worker of the queue `archival`, a process of its own.

It reads and writes much; in a process that trades, every order would wait for it.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.archival import ArchivalActivities, ArchivalRules
from activities.archival_files import ArchivalFileActivities
from activities.restore import RestoreActivities, RestoreRules
from adapters.cold_storage import S3ColdStorage
from adapters.mongo import Database, database_of, open_client
from adapters.mongo_archive import MongoArchive
from adapters.mongo_holds import MongoHolds
from adapters.mongo_manifests import MongoManifests
from adapters.mongo_restores import MongoRestores
from adapters.mongo_schema import ensure_schema
from adapters.parquet_files import ParquetFiles
from adapters.parquet_memory import bound_memory
from domain.archival.messages import ARCHIVAL_QUEUE
from domain.errors import Retryable
from workers.archival_schedules import ensure_archival_schedules
from workers.clock import utc_now
from workers.process import run_process
from workers.readiness import announce_ready
from workers.settings import Settings
from workers.temporal import connect_temporal
from workflows.data_archival import DataArchival, ScheduledArchival
from workflows.restore import Restore

# One kind of records beside another; more would only make all of them slower.
MAX_CONCURRENT_STEPS = 2
# Behind everything that somebody waits for.
NICENESS = 10
# Counting and listing millions takes longer than anything else that asks the database.
OPERATION_TIMEOUT_MS = 60_000
SCHEMA_RETRY_S = 1.0
# A step that is asked to end does so after its batch.
STOP_GRACE = timedelta(seconds=5)


@asynccontextmanager
async def run_archival_worker(settings: Settings, client: Client) -> AsyncIterator[None]:
    """Serve the queue `archival` while this is open."""
    mongo = open_client(settings.mongodb_url, operation_timeout_ms=OPERATION_TIMEOUT_MS)
    storage = S3ColdStorage(
        settings.s3_endpoint_url,
        settings.archive_bucket,
        settings.archive_storage_class,
        settings.archive_retrieval_tier,
    )
    try:
        database = database_of(mongo, settings.mongodb_database)
        await _ensure_schema(database)
        async with _worker(settings, client, database, storage):
            yield
    finally:
        storage.close()
        mongo.close()


def _worker(
    settings: Settings, client: Client, database: Database, storage: S3ColdStorage
) -> Worker:
    collections, manifests = MongoArchive(database), MongoManifests(database)
    holds, restores = MongoHolds(database), MongoRestores(database)
    files = ParquetFiles(Path(settings.archive_spool_directory or tempfile.gettempdir()))
    heartbeat_s = settings.archive_heartbeat_s
    rules = ArchivalRules(
        settings.ages, settings.archive_file_documents, heartbeat_s, rest=settings.archive_rest
    )
    archival = ArchivalActivities(collections, holds, restores, rules)
    cold = ArchivalFileActivities(collections, manifests, holds, files, storage, rules, utc_now)
    restore = RestoreActivities(
        collections,
        manifests,
        restores,
        files,
        storage,
        RestoreRules(settings.archive_restore_days, settings.archive_retrieval_poll_s, heartbeat_s),
    )
    return Worker(
        client,
        task_queue=ARCHIVAL_QUEUE,
        workflows=[DataArchival, ScheduledArchival, Restore],
        activities=[*archival.all, *cold.all, *restore.all],
        workflow_runner=UnsandboxedWorkflowRunner(),
        # Runs are few and short; without a cache, another worker takes over at once.
        max_cached_workflows=0,
        max_concurrent_activities=MAX_CONCURRENT_STEPS,
        graceful_shutdown_timeout=STOP_GRACE,
    )


async def _ensure_schema(database: Database) -> None:
    """Put the schema in place, waiting for as long as the database is away."""
    while True:
        try:
            return await ensure_schema(database)
        except Retryable:
            await asyncio.sleep(SCHEMA_RETRY_S)


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    bound_memory()
    with suppress(OSError):
        os.nice(NICENESS)
    client = await connect_temporal(settings)
    async with run_archival_worker(settings, client):
        await ensure_archival_schedules(client, settings.archive_every_h)
        announce_ready()
        await stop.wait()


if __name__ == "__main__":
    run_process(_work)
