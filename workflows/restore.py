"""Records that are wanted again: retrieved from cold storage, proven, and put beside the others."""

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.restore import RestoreActivities
from domain import timing
from domain.archival.messages import (
    PROGRESS_QUERY,
    RESTORE_WORKFLOW,
    Progress,
    Reason,
    Refusal,
    RestoreReport,
    RestoreRequest,
    Stage,
)
from domain.archival.ports import Moved
from domain.archival.steps import Looked, ReadBack, RetrievalPlan
from workflows.archival_steps import (
    DATA_TYPE,
    FIRST_HEARTBEAT_S,
    describe,
    merged,
    patient_step,
    refusal_of,
)


@workflow.defn(name=RESTORE_WORKFLOW)
class Restore:
    """One restore of a range; the id is `RestoreRequest.workflow_id`."""

    @workflow.init
    def __init__(self, request: RestoreRequest) -> None:
        """Take the request."""
        self._request = request
        self._report = RestoreReport(
            request.data_type, request.since, request.until, request.data_type.restored
        )
        self._progress = Progress(Stage.PLANNING)

    @workflow.run
    async def run(self, request: RestoreRequest) -> RestoreReport:
        """Ask for all files at once, and read each as soon as it is there."""
        workflow.upsert_search_attributes([DATA_TYPE.value_set(str(request.data_type))])
        plan: RetrievalPlan = await patient_step(
            RestoreActivities.plan,
            request,
            summary="find the files of the range",
            heartbeat_s=FIRST_HEARTBEAT_S,
        )
        # Written down first, so that whatever a broken-off restore leaves is deleted, too.
        until = workflow.now() + timedelta(days=plan.days)
        until = until.replace(microsecond=until.microsecond // 1_000 * 1_000)
        self._report = replace(self._report, available_until=until)
        await self._keep(plan)
        self._tell(Progress(Stage.RETRIEVING, 0, plan.documents))
        await self._bring_back(plan)
        await self._keep(plan)
        self._tell(replace(self._progress, stage=Stage.DONE, cursor=""))
        return self._report

    @workflow.query(name=PROGRESS_QUERY)
    def progress(self) -> Progress:
        """Return where the restore is."""
        return self._progress

    async def _bring_back(self, plan: RetrievalPlan) -> None:
        """Read each file once it can be read, which takes minutes, or days."""
        waiting, wait_s = plan.manifest_ids, plan.first_poll_s
        while waiting:
            looked: Looked = await patient_step(
                RestoreActivities.look,
                waiting,
                summary=f"ask for {len(waiting)} files",
                heartbeat_s=plan.heartbeat_s,
            )
            self._refuse(*looked.refusals)
            for manifest_id in looked.readable:
                await self._read_back(plan, manifest_id)
            waiting = looked.waiting
            if waiting:
                self._tell(replace(self._progress, stage=Stage.RETRIEVING, cursor=waiting[0]))
                summary = f"{len(waiting)} files are being retrieved"
                await workflow.sleep(timedelta(seconds=wait_s), summary=summary)
                wait_s = min(wait_s * timing.RETRIEVAL_BACKOFF, timing.RETRIEVAL_POLL_MAX_S)

    async def _read_back(self, plan: RetrievalPlan, manifest_id: str) -> None:
        self._tell(replace(self._progress, stage=Stage.READING, cursor=manifest_id))
        task = ReadBack(manifest_id, self._request.since, self._request.until)
        try:
            moved: Moved = await patient_step(
                RestoreActivities.read_back,
                task,
                summary=f"read and prove {manifest_id}",
                heartbeat_s=plan.heartbeat_s,
            )
        except ActivityError as failure:
            self._refuse(refusal_of(failure, Stage.READING, 0, manifest_id))
        else:
            self._take(manifest_id, moved)

    async def _keep(self, plan: RetrievalPlan) -> None:
        await patient_step(
            RestoreActivities.keep,
            workflow.info().workflow_id,
            self._report,
            summary="write down until when it is kept",
            heartbeat_s=plan.heartbeat_s,
        )

    def _take(self, manifest_id: str, moved: Moved) -> None:
        self._report = replace(
            self._report,
            documents=self._report.documents + moved.documents,
            size_bytes=self._report.size_bytes + moved.size_bytes,
            files=self._report.files + 1,
        )
        if moved.refused:
            detail = f"{manifest_id}: the restored collection did not take them"
            self._refuse(Refusal(Stage.READING, Reason.REFUSED, moved.refused, detail))
        self._tell(replace(self._progress, documents=self._report.documents))

    def _refuse(self, *refusals: Refusal) -> None:
        self._report = replace(self._report, refusals=merged(self._report.refusals, refusals))

    def _tell(self, progress: Progress) -> None:
        self._progress = progress
        workflow.set_current_details(describe(progress, self._report.refusals))
