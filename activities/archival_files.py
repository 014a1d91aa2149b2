"""Records on their way from the archive into files in cold storage, proven before they go.

A file comes as far as its manifest says, and each step may be made again:

    writing → uploaded    its records are in an object that can be read at once ("staging")
    uploaded → verified   that object was read back, counted anew, and copied into cold storage
    verified → removed    its records left the archive, each if it is still what the object has
    removed → expired     it was deleted for its age
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from temporalio import activity

from activities.archival import ArchivalRules
from activities.archival_pace import unhurried
from activities.heartbeats import Pulse, beating, final_after_attempts
from domain.archival.files import ColdStorage, RecordFiles
from domain.archival.manifests import (
    FILE_SCHEMA_VERSION,
    FileContents,
    Manifest,
    ManifestState,
    key_of,
    manifest_id_of,
    staging_key,
)
from domain.archival.messages import Reason, Refusal, Stage
from domain.archival.months import due_months
from domain.archival.ports import ArchiveCollections, HoldStore, ManifestStore, Moved
from domain.archival.proofs import check_count, check_digest, check_present, check_stored
from domain.archival.steps import Expired, FileSearch, FileStep, FileTask, Leg
from domain.errors import BotCoreError, ErrorCode, Rejected
from domain.trading_ports import Clock

_MICROSECONDS_A_MILLISECOND: Final = 1_000


@dataclass(frozen=True, slots=True)
class ArchivalFileActivities:
    """The steps of a file."""

    collections: ArchiveCollections
    manifests: ManifestStore
    holds: HoldStore
    files: RecordFiles
    storage: ColdStorage
    rules: ArchivalRules
    clock: Clock

    @activity.defn(name="next_file")
    async def next_file(self, search: FileSearch) -> FileStep | None:
        """Return the next file: one that was begun, or a new one; None if there is none."""
        with final_after_attempts():
            async with beating():
                for manifest in await self.manifests.unfinished(search.data_type):
                    if manifest.month not in search.tried:
                        return _step(manifest)
                holds = await self.holds.holds(search.data_type)
                months = await self.collections.months(search.data_type, search.before, holds)
                for month, _ in due_months(months, search.before, self.rules.file_documents):
                    if month not in search.tried:
                        return _step(await self._begin(search, month))
            return None

    @activity.defn(name="store_file")
    async def store_file(self, task: FileTask) -> FileStep:
        """Write a month's records to a file, and upload it."""
        with final_after_attempts():
            manifest = await self._manifest(task)
            if manifest.state is not ManifestState.WRITING:
                return _step(manifest)
            async with beating(), self._noted(manifest):
                stored = await self._store(manifest, task.before)
            return _step(stored)

    @activity.defn(name="prove_file")
    async def prove_file(self, task: FileTask) -> FileStep:
        """Read an uploaded file back, count it anew, and put it into cold storage."""
        with final_after_attempts():
            manifest = await self._manifest(task)
            if manifest.state is not ManifestState.UPLOADED or manifest.contents is None:
                return _step(manifest)
            async with beating():
                try:
                    await self._prove(manifest, manifest.contents)
                except Rejected as error:
                    if error.extensions.get("reason") in {Reason.CORRUPTED, Reason.MISSING}:
                        await self._begin_anew(manifest, error)
                    raise
                proven = await self._advance(
                    manifest, state=ManifestState.VERIFIED, verified_at=self._now(), refusal=None
                )
            return _step(proven)

    @activity.defn(name="remove_stored")
    async def remove_stored(self, task: FileTask) -> FileStep:
        """Remove the records of a proven file from the archive."""
        with final_after_attempts():
            manifest = await self._manifest(task)
            moved = Moved()
            async with beating() as pulse, self._noted(manifest):
                if manifest.state is ManifestState.VERIFIED:
                    moved = await self._remove(manifest, pulse)
                    manifest = await self._advance(
                        manifest,
                        state=ManifestState.REMOVED,
                        left_count=moved.changed + moved.held,
                        refusal=None,
                    )
                if manifest.state is ManifestState.REMOVED and manifest.removed_at is None:
                    await self.storage.delete(staging_key(manifest.key))
                    manifest = await self._advance(manifest, removed_at=self._now(), refusal=None)
            return replace(_step(manifest), moved=moved)

    @activity.defn(name="expire_files")
    async def expire_files(self, leg: Leg) -> Expired:
        """Delete the files that are old enough, unless a hold may be on something in them."""
        with final_after_attempts():
            expired = Expired()
            async with beating():
                holds = await self.holds.holds(leg.data_type)
                for manifest in await self.manifests.outlived(leg.data_type, leg.before):
                    held = [hold for hold in holds if manifest.may_contain(hold)]
                    if held and manifest.state is ManifestState.REMOVED:
                        refusal = Refusal(
                            Stage.DELETING,
                            Reason.HELD,
                            manifest.document_count,
                            f"{manifest.manifest_id} is held: {held[0].reason}",
                        )
                        expired = replace(expired, refusals=(*expired.refusals, refusal))
                        continue
                    await self._expire(manifest)
                    expired = _with_expired(expired, manifest)
            return expired

    async def _begin(self, search: FileSearch, month: str) -> Manifest:
        part = await self.manifests.last_part(search.data_type, month) + 1
        now = self._now()
        return await self.manifests.begin(
            Manifest(
                manifest_id=manifest_id_of(search.data_type, month, part),
                data_type=search.data_type,
                month=month,
                part=part,
                state=ManifestState.WRITING,
                bucket=self.storage.bucket,
                key="",
                storage_class=self.storage.storage_class,
                schema_version=FILE_SCHEMA_VERSION,
                created_at=now,
                updated_at=now,
            )
        )

    async def _store(self, manifest: Manifest, before: datetime) -> Manifest:
        holds = await self.holds.holds(manifest.data_type)
        documents = self.collections.archived(
            manifest.data_type, manifest.month, before, holds, self.rules.file_documents
        )
        written = await self.files.write(manifest.data_type, documents)
        if written is None:
            return manifest
        with closing(written.file):
            key = key_of(manifest, written.contents.sha256)
            await self.storage.upload(written.file, staging_key(key), written.contents.sha256)
        return await self._advance(
            manifest,
            state=ManifestState.UPLOADED,
            key=key,
            bucket=self.storage.bucket,
            storage_class=self.storage.storage_class,
            contents=written.contents,
            refusal=None,
        )

    async def _prove(self, manifest: Manifest, contents: FileContents) -> None:
        with closing(self.files.blank()) as file:
            digest = await self.storage.download(staging_key(manifest.key), file)
            check_digest(digest, contents)
            check_count(await self.files.count(manifest.data_type, file), contents)
        stored = await self.storage.chill(staging_key(manifest.key), manifest.key)
        check_stored(stored, contents, manifest.storage_class)

    async def _remove(self, manifest: Manifest, pulse: Pulse) -> Moved:
        assert manifest.contents is not None  # noqa: S101 - it is verified
        stored = await self.storage.look(manifest.key)
        check_present(stored, manifest.contents, manifest.storage_class)
        holds = await self.holds.holds(manifest.data_type)
        moved = Moved()
        with closing(self.files.blank()) as file:
            digest = await self.storage.download(staging_key(manifest.key), file)
            check_digest(digest, manifest.contents)
            async for documents in self.files.records(file):
                async with unhurried(self.rules.rest):
                    moved += await self.collections.remove_stored(
                        manifest.data_type, documents, holds
                    )
                pulse.beat(moved.documents)
        return moved

    async def _expire(self, manifest: Manifest) -> None:
        if manifest.state is ManifestState.REMOVED:
            manifest = await self._advance(manifest, state=ManifestState.EXPIRED)
        await self.storage.delete(manifest.key)
        await self._advance(manifest, expired_at=self._now())

    async def _begin_anew(self, manifest: Manifest, error: BotCoreError) -> None:
        """Give up what was uploaded: nothing was removed for it, and the next run writes again."""
        await self._advance(
            manifest, state=ManifestState.WRITING, contents=None, key="", refusal=error.detail
        )
        for key in (staging_key(manifest.key), manifest.key):
            await self.storage.delete(key)

    @asynccontextmanager
    async def _noted(self, manifest: Manifest) -> AsyncIterator[None]:
        """Write down in the manifest why a step failed."""
        try:
            yield
        except BotCoreError as error:
            with suppress(BotCoreError):
                await self._advance(manifest, refusal=error.detail)
            raise

    async def _advance(self, manifest: Manifest, **changes: Any) -> Manifest:
        return await self.manifests.advance(
            manifest, replace(manifest, updated_at=self._now(), **changes)
        )

    async def _manifest(self, task: FileTask) -> Manifest:
        manifest = await self.manifests.manifest(task.manifest_id)
        if manifest is None:
            raise Rejected(ErrorCode.NOT_FOUND, f"there is no manifest {task.manifest_id}")
        return manifest

    def _now(self) -> datetime:
        """Return our time as the database keeps it."""
        now = self.clock()
        cut = now.microsecond // _MICROSECONDS_A_MILLISECOND * _MICROSECONDS_A_MILLISECOND
        return now.replace(microsecond=cut)

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Everything to register with a worker."""
        return [
            self.next_file,
            self.store_file,
            self.prove_file,
            self.remove_stored,
            self.expire_files,
        ]


def _step(manifest: Manifest) -> FileStep:
    contents = manifest.contents
    return FileStep(
        manifest_id=manifest.manifest_id,
        month=manifest.month,
        state=manifest.state,
        is_done=manifest.state is ManifestState.REMOVED and manifest.removed_at is not None,
        documents=contents.document_count if contents else 0,
        size_bytes=contents.size_bytes if contents else 0,
    )


def _with_expired(expired: Expired, manifest: Manifest) -> Expired:
    size_bytes = manifest.contents.size_bytes if manifest.contents else 0
    return replace(
        expired,
        files=expired.files + 1,
        documents=expired.documents + manifest.document_count,
        size_bytes=expired.size_bytes + size_bytes,
    )
