"""Records on their way back from cold storage, for a while and beside the others."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from temporalio import activity

from activities.failures import as_failures
from activities.heartbeats import Pulse, beating
from domain.archival.files import ColdStorage, RecordFiles, Retrieval
from domain.archival.manifests import IN_COLD_STORAGE, Manifest
from domain.archival.messages import (
    Reason,
    Refusal,
    RestoreReport,
    RestoreRequest,
    Stage,
)
from domain.archival.ports import ArchiveCollections, ManifestStore, Moved, RestoreStore
from domain.archival.proofs import check_count, check_digest
from domain.archival.steps import Looked, ReadBack, RetrievalPlan
from domain.archival.tiers import DataType
from domain.errors import ErrorCode, Rejected


@dataclass(frozen=True, slots=True)
class RestoreRules:
    """What settings say of restores.

    Attributes:
        days: For how many days records are restored.
        first_poll_s: When it is first asked whether a file was retrieved.
        heartbeat_s: After this a silent worker is taken for dead.
    """

    days: int
    first_poll_s: float
    heartbeat_s: float


@dataclass(frozen=True, slots=True)
class RestoreActivities:
    """The steps of a restore."""

    collections: ArchiveCollections
    manifests: ManifestStore
    restores: RestoreStore
    files: RecordFiles
    storage: ColdStorage
    rules: RestoreRules

    @activity.defn(name="plan_restore")
    async def plan(self, request: RestoreRequest) -> RetrievalPlan:
        """Say which files hold records of the range."""
        with as_failures():
            found = await self.manifests.cold(request.data_type, request.since, request.until)
        return RetrievalPlan(
            manifest_ids=tuple(manifest.manifest_id for manifest in found),
            documents=sum(manifest.document_count for manifest in found),
            heartbeat_s=self.rules.heartbeat_s,
            first_poll_s=self.rules.first_poll_s,
            days=self.rules.days,
        )

    @activity.defn(name="look_at_files")
    async def look(self, manifest_ids: tuple[str, ...]) -> Looked:
        """Ask the storage for each file that cannot be read; asking again changes nothing."""
        found: dict[Retrieval, list[str]] = {each: [] for each in Retrieval}
        refusals = []
        with as_failures():
            async with beating():
                for manifest_id in manifest_ids:
                    try:
                        found[await self._look(manifest_id)].append(manifest_id)
                    except Rejected as error:
                        reason = Reason(error.extensions.get("reason", Reason.REFUSED))
                        detail = f"{manifest_id}: {error.detail}"
                        refusals.append(Refusal(Stage.RETRIEVING, reason, 0, detail))
        return Looked(
            readable=tuple(found[Retrieval.READABLE]),
            waiting=(*found[Retrieval.COLD], *found[Retrieval.UNDER_WAY]),
            refusals=tuple(refusals),
        )

    @activity.defn(name="read_back")
    async def read_back(self, task: ReadBack) -> Moved:
        """Read a file, prove every part of it, and put the records of a range beside the others."""
        with as_failures():
            manifest = await self._manifest(task.manifest_id)
            assert manifest.contents is not None  # noqa: S101 - it is in cold storage
            async with beating() as pulse:
                with closing(self.files.blank()) as file:
                    digest = await self.storage.download(manifest.key, file)
                    check_digest(digest, manifest.contents)
                    counted = await self.files.count(manifest.data_type, file)
                    check_count(counted, manifest.contents)
                    return await self._bring_back(manifest.data_type, file, task, pulse)

    @activity.defn(name="keep_restore")
    async def keep(self, restore_id: str, report: RestoreReport) -> None:
        """Write down what was restored, and until when it is kept."""
        with as_failures():
            await self.restores.keep(restore_id, report)

    async def _look(self, manifest_id: str) -> Retrieval:
        manifest = await self._manifest(manifest_id)
        found = await self.storage.look(manifest.key)
        if found is None:
            raise _missing(manifest)
        if found.retrieval is Retrieval.COLD:
            await self.storage.retrieve(manifest.key, self.rules.days)
        return found.retrieval

    async def _bring_back(
        self, data_type: DataType, file: BinaryIO, task: ReadBack, pulse: Pulse
    ) -> Moved:
        moved = Moved()
        span = (task.since, task.until)
        async for documents in self.files.records(file, data_type.time_field, span):
            moved += await self.collections.restore(data_type, documents)
            pulse.beat(moved.documents)
        return moved

    async def _manifest(self, manifest_id: str) -> Manifest:
        manifest = await self.manifests.manifest(manifest_id)
        if manifest is None or manifest.state not in IN_COLD_STORAGE:
            raise Rejected(
                ErrorCode.NOT_FOUND,
                f"{manifest_id} is not in cold storage any more",
                reason=str(Reason.MISSING),
            )
        return manifest

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [self.plan, self.look, self.read_back, self.keep]


def _missing(manifest: Manifest) -> Rejected:
    return Rejected(
        ErrorCode.NOT_FOUND,
        f"the object {manifest.key} is not there any more",
        reason=str(Reason.MISSING),
    )
