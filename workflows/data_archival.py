"""Records that grow old: from hot to archive, from there to cold storage, and to their end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

from activities.archival import ArchivalActivities
from activities.archival_files import ArchivalFileActivities
from domain import timing
from domain.archival.messages import (
    ARCHIVAL_WORKFLOW,
    PROGRESS_QUERY,
    ArchivalReport,
    ArchivalRequest,
    Progress,
    Reason,
    Refusal,
    Stage,
    StageReport,
    archival_workflow_id,
)
from domain.archival.ports import Moved
from domain.archival.steps import Expired, FileSearch, FileStep, FileTask, Leg, LegDone, Plan
from domain.archival.tiers import DataType
from workflows.archival_steps import (
    DATA_TYPE,
    FIRST_HEARTBEAT_S,
    describe,
    merged,
    refusal_of,
    step,
)

SCHEDULED_ARCHIVAL_WORKFLOW = "ScheduledArchival"
_SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


@workflow.defn(name=ARCHIVAL_WORKFLOW)
class DataArchival:
    """One run of one kind of records; the id is `ArchivalRequest.workflow_id`."""

    @workflow.init
    def __init__(self, request: ArchivalRequest) -> None:
        """Take the request, or go on with what an earlier part of this run did."""
        as_of = _whole_milliseconds(request.as_of or workflow.now())
        self._request = replace(request, as_of=as_of)
        self._report = request.resumed or ArchivalReport(request.data_type, as_of, request.dry_run)
        self._progress = Progress(Stage.PLANNING)
        self._stage_began = workflow.now()

    @workflow.run
    async def run(self, request: ArchivalRequest) -> ArchivalReport:
        """Move what is old enough; what cannot be moved stays, and the report says so."""
        workflow.upsert_search_attributes([DATA_TYPE.value_set(str(request.data_type))])
        if request.dry_run:
            return await self._survey()
        plan: Plan = await step(
            ArchivalActivities.plan,
            self._request,
            summary="count what is old enough",
            heartbeat_s=FIRST_HEARTBEAT_S,
        )
        await self._move_to_archive(plan)
        if plan.cut_offs.to_cold is not None:
            await self._move_to_cold(plan, plan.cut_offs.to_cold)
        await self._delete(plan)
        self._tell(Stage.DONE, 0, 0)
        return self._report

    @workflow.query(name=PROGRESS_QUERY)
    def progress(self) -> Progress:
        """Return where the run is."""
        return self._progress

    async def _survey(self) -> ArchivalReport:
        self._report = await step(
            ArchivalActivities.survey,
            self._request,
            summary="count what would be moved",
            heartbeat_s=FIRST_HEARTBEAT_S,
        )
        self._tell(Stage.DONE, self._report.to_archive.documents, self._report.to_archive.documents)
        return self._report

    async def _move_to_archive(self, plan: Plan) -> None:
        self._begin(Stage.TO_ARCHIVE, plan.to_archive_count)
        leg = Leg(plan.data_type, plan.cut_offs.to_archive, plan.as_of)
        while True:
            began = workflow.now()
            try:
                done: LegDone = await self._step(
                    plan, ArchivalActivities.move_to_archive, leg, summary="move to the archive"
                )
            except ActivityError as failure:
                self._refuse(refusal_of(failure, Stage.TO_ARCHIVE, 0, "hot records"))
                return
            stage = _grown(self._report.to_archive, done.moved, _seconds_since(began))
            self._report = replace(self._report, to_archive=stage)
            self._refuse(*_left(Stage.TO_ARCHIVE, done.moved, "hot records"))
            at = f"{done.cursor.lane} {done.cursor.since:%Y-%m-%d %H:%M}" if done.cursor else ""
            self._tell(Stage.TO_ARCHIVE, stage.documents, plan.to_archive_count, at.strip())
            if done.cursor is None:
                return
            self._continue_as_new_if_long()
            leg = replace(leg, cursor=done.cursor)

    async def _move_to_cold(self, plan: Plan, before: datetime) -> None:
        self._begin(Stage.TO_COLD, plan.to_cold_count)
        tried: tuple[str, ...] = ()
        while True:
            search = FileSearch(plan.data_type, before, tried)
            try:
                found: FileStep | None = await self._step(
                    plan, ArchivalFileActivities.next_file, search, summary="find the next file"
                )
            except ActivityError as failure:
                self._refuse(refusal_of(failure, Stage.TO_COLD, 0, "archived records"))
                return
            if found is None:
                return
            if not await self._move_file(plan, found, before):
                # Not again in this run: the next one finds it, and goes on where this ended.
                tried = (*tried, found.month)
            self._continue_as_new_if_long()

    async def _move_file(self, plan: Plan, file: FileStep, before: datetime) -> bool:
        """Take a file through its steps; tell whether everything in it left the archive."""
        began, task = workflow.now(), FileTask(file.manifest_id, before)
        for activity, summary in (
            (ArchivalFileActivities.store_file, "write and upload"),
            (ArchivalFileActivities.prove_file, "read back, prove, put into cold storage"),
            (ArchivalFileActivities.remove_stored, "remove from the archive"),
        ):
            at = f"{file.manifest_id}: {summary}"
            stage = self._report.to_cold
            self._tell(Stage.TO_COLD, stage.documents, plan.to_cold_count, at)
            try:
                file = await self._step(plan, activity, task, summary=at)
            except ActivityError as failure:
                what = file.manifest_id
                self._refuse(refusal_of(failure, Stage.TO_COLD, file.documents, what))
                return False
        if not file.is_done:
            # It turned out that there was nothing to write.
            return False
        left = file.moved.changed + file.moved.held
        gone = Moved(documents=file.documents - left, size_bytes=file.size_bytes)
        grown = _grown(self._report.to_cold, gone, _seconds_since(began))
        self._report = replace(self._report, to_cold=replace(grown, files=grown.files + 1))
        self._refuse(*_left(Stage.TO_COLD, file.moved, file.manifest_id))
        return left == 0

    async def _delete(self, plan: Plan) -> None:
        self._begin(Stage.DELETING, plan.to_delete_count)
        began = workflow.now()
        try:
            await self._delete_aged(plan)
            await self._expire(plan)
            await self._step(
                plan,
                ArchivalActivities.forget_restored,
                plan.data_type,
                workflow.now(),
                summary="delete what was restored for a while",
            )
        except ActivityError as failure:
            self._refuse(refusal_of(failure, Stage.DELETING, 0, "records past their last age"))
        stage = self._report.deleted
        timed = replace(stage, seconds=stage.seconds + _seconds_since(began))
        self._report = replace(self._report, deleted=timed)

    async def _delete_aged(self, plan: Plan) -> None:
        if plan.cut_offs.delete_archived is None:
            return
        leg = Leg(plan.data_type, plan.cut_offs.delete_archived, plan.as_of)
        while True:
            done: LegDone = await self._step(
                plan, ArchivalActivities.delete_aged, leg, summary="delete for their age"
            )
            self._report = replace(
                self._report, deleted=_grown(self._report.deleted, done.moved, 0)
            )
            self._tell(Stage.DELETING, self._report.deleted.documents, plan.to_delete_count)
            if done.cursor is None:
                return

    async def _expire(self, plan: Plan) -> None:
        if plan.cut_offs.delete_cold is None:
            return
        leg = Leg(plan.data_type, plan.cut_offs.delete_cold, plan.as_of)
        expired: Expired = await self._step(
            plan, ArchivalFileActivities.expire_files, leg, summary="delete files for their age"
        )
        deleted = _grown(self._report.deleted, Moved(expired.documents, expired.size_bytes), 0)
        deleted = replace(deleted, files=deleted.files + expired.files)
        self._report = replace(self._report, deleted=deleted)
        self._refuse(*expired.refusals)

    async def _step(self, plan: Plan, activity: Any, *arguments: Any, summary: str) -> Any:
        return await step(activity, *arguments, summary=summary, heartbeat_s=plan.heartbeat_s)

    def _begin(self, stage: Stage, total: int) -> None:
        self._stage_began = workflow.now()
        self._tell(stage, 0, total)

    def _tell(self, stage: Stage, documents: int, total: int, cursor: str = "") -> None:
        seconds = _seconds_since(self._stage_began)
        rate = documents / seconds if seconds > 0 else 0.0
        self._progress = Progress(stage, documents, max(total, documents), round(rate, 1), cursor)
        workflow.set_current_details(describe(self._progress, self._report.refusals))

    def _refuse(self, *refusals: Refusal) -> None:
        if refusals:
            self._report = replace(self._report, refusals=merged(self._report.refusals, refusals))
            workflow.set_current_details(describe(self._progress, self._report.refusals))

    def _continue_as_new_if_long(self) -> None:
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(replace(self._request, resumed=self._report))


@workflow.defn(name=SCHEDULED_ARCHIVAL_WORKFLOW)
class ScheduledArchival:
    """What a schedule starts: a run as of the time that it was scheduled for.

    A schedule names its workflows by their time, so that two of them, or one and a run that
    somebody asked for, would not exclude each other; the run itself has one id for all.
    """

    @workflow.run
    async def run(self, data_type: DataType) -> ArchivalReport:
        """Make the run, after another one that is at work has ended."""
        workflow.upsert_search_attributes([DATA_TYPE.value_set(str(data_type))])
        scheduled_at = workflow.info().typed_search_attributes.get(_SCHEDULED_AT)
        request = ArchivalRequest(data_type, as_of=scheduled_at or workflow.now())
        while True:
            try:
                report: ArchivalReport = await workflow.execute_child_workflow(
                    DataArchival.run,
                    request,
                    id=archival_workflow_id(data_type),
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    static_summary=f"{data_type} as of {request.as_of:%Y-%m-%d %H:%M} UTC",
                )
            except WorkflowAlreadyStartedError:
                wait = timedelta(seconds=timing.ARCHIVAL_TURN_S)
                await workflow.sleep(wait, summary="another run is at work")
            else:
                return report


def _left(stage: Stage, moved: Moved, what: str) -> list[Refusal]:
    told = (
        (Reason.CHANGED, moved.changed, "they changed while they were moved"),
        (Reason.HELD, moved.held, "a legal hold is on them"),
        (Reason.REFUSED, moved.refused, "the archive did not take them"),
    )
    return [
        Refusal(stage, reason, count, f"{what}: {detail}")
        for reason, count, detail in told
        if count
    ]


def _grown(stage: StageReport, moved: Moved, seconds: float) -> StageReport:
    return replace(
        stage,
        documents=stage.documents + moved.documents,
        size_bytes=stage.size_bytes + moved.size_bytes,
        seconds=stage.seconds + seconds,
    )


def _seconds_since(moment: datetime) -> float:
    return (workflow.now() - moment).total_seconds()


def _whole_milliseconds(moment: datetime) -> datetime:
    """Cut to what the database compares by."""
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
