"""What the caller did: sign-ins, orders asked, settings changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Response
from pydantic import AwareDatetime

from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import answer
from api.pagination import PageQuery, page
from api.routing import edge_router
from api.schemas import AnswerModel, Page
from domain.activity import ActivityKind
from domain.paging import PagePosition

router = edge_router("/api/activity", "Identity")


@dataclass(frozen=True, slots=True)
class ActivityFilters:
    """Which entries of the list; `since` is the earliest `timestamp`, with its zone."""

    kind: ActivityKind | None = None
    since: AwareDatetime | None = None


class ActivityAnswer(AnswerModel):
    """One thing that the caller did, or that somebody did in their name."""

    activity_id: str
    kind: ActivityKind
    timestamp: datetime
    address: str
    user_agent: str
    request_id: str
    details: dict[str, Any]


@router.get("", response_model=Page[ActivityAnswer])
async def list_activity(
    user: CurrentUser,
    services: ServicesOf,
    request: PageQuery,
    filters: Annotated[ActivityFilters, Depends()],
) -> Response:
    """List what the caller did, newest first, as far back as it is not in cold storage.

    What is not about security is written down within a quarter of a second.
    """
    found = await services.activities.activities(
        user.user_id,
        kind=filters.kind,
        since=filters.since,
        position=request.position,
        limit=request.fetch,
    )
    return answer(
        page(found, request, lambda each: PagePosition(each["timestamp"], each["activity_id"]))
    )
