"""Archives, for operators: what is in cold storage, runs, restores, legal holds."""

import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Response
from pydantic import AwareDatetime

from adapters.mongo_restored import plain, position_of
from api.archive_schemas import (
    HoldAnswer,
    HoldRequest,
    ManifestAnswer,
    RestoreBody,
    RestoredRecord,
    RunRequest,
    WorkflowAnswer,
)
from api.dependencies import OperatorUser, ServicesOf
from api.json_codec import answer
from api.pagination import PageQuery, page
from api.routing import edge_router
from api.schemas import Page
from domain.activity import ActivityKind
from domain.archival.holds import LegalHold
from domain.archival.manifests import ManifestState
from domain.archival.tiers import DataType
from domain.errors import ErrorCode, Rejected
from domain.paging import PagePosition

router = edge_router("/api/archives", "Archives")

HoldId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


@dataclass(frozen=True, slots=True)
class RestoredFilters:
    """Which restored records: made from `from` (included) to `to` (not included)."""

    user_id: str | None = None
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None


@router.get("", response_model=Page[ManifestAnswer])
async def list_manifests(
    user: OperatorUser,  # noqa: ARG001 - every route here is for operators
    services: ServicesOf,
    request: PageQuery,
    data_type: DataType | None = None,
    state: ManifestState | None = None,
) -> Response:
    """List the files of cold storage, the last begun first."""
    found = await services.archive.cold.manifests(
        data_type, state, position=request.position, limit=request.fetch
    )
    return answer(
        page(found, request, lambda each: PagePosition(each["created_at"], each["manifest_id"]))
    )


@router.post("/run", status_code=202, response_model=WorkflowAnswer)
async def run(body: RunRequest, user: OperatorUser, services: ServicesOf) -> Response:
    """Archive now what is old enough; the run that is at work already is answered as it is."""
    started = await services.archive.desk.archive(body.asked())
    await services.activity.write(
        ActivityKind.ARCHIVE_ASKED,
        user.user_id,
        data_type=str(body.data_type),
        dry_run=body.dry_run,
        workflow_id=started.workflow_id,
    )
    return answer(asdict(started), 202)


@router.post("/restore", status_code=202, response_model=WorkflowAnswer)
async def restore(body: RestoreBody, user: OperatorUser, services: ServicesOf) -> Response:
    """Bring records back from cold storage, which may take hours; then read them below."""
    started = await services.archive.desk.restore(body.asked())
    await services.activity.write(
        ActivityKind.RESTORE_ASKED,
        user.user_id,
        data_type=str(body.data_type),
        since=body.since,
        until=body.until,
        workflow_id=started.workflow_id,
    )
    return answer(asdict(started), 202)


@router.get("/restored/{data_type}", response_model=Page[RestoredRecord])
async def list_restored(
    data_type: DataType,
    user: OperatorUser,  # noqa: ARG001 - as above
    services: ServicesOf,
    request: PageQuery,
    filters: Annotated[RestoredFilters, Depends()],
) -> Response:
    """List what was brought back, newest first, with every member that it had."""
    found = await services.archive.restored.records(
        data_type,
        user_id=filters.user_id,
        since=filters.since,
        until=filters.until,
        position=request.position,
        limit=request.fetch,
    )
    return answer(page(found, request, lambda each: position_of(data_type, each), plain))


@router.get("/holds", response_model=Page[HoldAnswer])
async def list_holds(
    user: OperatorUser,  # noqa: ARG001 - as above
    services: ServicesOf,
    request: PageQuery,
) -> Response:
    """List the legal holds, the last set first."""
    found = await services.archive.holds.page(position=request.position, limit=request.fetch)
    return answer(
        page(found, request, lambda hold: PagePosition(hold.created_at, hold.hold_id), _hold_view)
    )


@router.post("/holds", status_code=201, response_model=HoldAnswer)
async def set_hold(body: HoldRequest, user: OperatorUser, services: ServicesOf) -> Response:
    """Keep records from being deleted or going to cold storage, until the hold is lifted."""
    hold = LegalHold(
        hold_id=str(uuid.uuid4()),
        data_type=body.data_type,
        user_id=body.user_id,
        since=body.since,
        until=body.until,
        reason=body.reason,
        # As the store keeps it: the answer and the list say the same.
        created_at=_whole_milliseconds(datetime.now(UTC)),
    )
    await services.archive.holds.set(hold)
    await services.activity.write(ActivityKind.LEGAL_HOLD_SET, user.user_id, **_hold_record(hold))
    return answer(_hold_view(hold), 201)


@router.delete("/holds/{hold_id}", status_code=204, response_class=Response)
async def lift_hold(hold_id: HoldId, user: OperatorUser, services: ServicesOf) -> Response:
    """Lift a hold: what it kept goes on with the next run."""
    hold = await services.archive.holds.lift(hold_id)
    if hold is None:
        raise Rejected(ErrorCode.NOT_FOUND, "there is no such hold")
    await services.activity.write(
        ActivityKind.LEGAL_HOLD_RELEASED, user.user_id, **_hold_record(hold)
    )
    return Response(status_code=204)


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)


def _hold_view(hold: LegalHold) -> dict[str, Any]:
    view = asdict(hold)
    return {"from": view.pop("since"), "to": view.pop("until"), **view}


def _hold_record(hold: LegalHold) -> dict[str, Any]:
    return {**asdict(hold), "data_type": None if hold.data_type is None else str(hold.data_type)}
