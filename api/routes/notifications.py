"""Notifications: what a user wants to be told, where, and what they have been told."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query, Response

from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import answer
from api.notification_schemas import (
    DeliveryAnswer,
    NotificationPage,
    SettingsAnswer,
    SettingsChanges,
    TestAnswer,
    settings_view,
)
from api.pagination import MAX_LIMIT, PageQuery, page
from api.routing import edge_router
from api.schemas import Page
from api.services import Services
from domain.activity import ActivityKind
from domain.errors import ErrorCode, Rejected
from domain.paging import PagePosition

router = edge_router("/api/notifications", "Notifications")

Identifier = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


@router.get("/settings", response_model=SettingsAnswer)
async def read_settings(user: CurrentUser, services: ServicesOf) -> Response:
    """Read what the caller wants to be told, and where; never what opens a target."""
    settings = await services.notifications.desk.stores.settings.load(user.user_id)
    return answer(settings_view(settings, {}))


@router.put("/settings", response_model=SettingsAnswer)
async def put_settings(body: SettingsChanges, user: CurrentUser, services: ServicesOf) -> Response:
    """Change them: what is left out stays, a target that is left out of `targets` goes.

    The `secret` of a new webhook is in this answer and never told again.
    """
    await _within_rate(services, user.user_id)
    wishes = None if body.targets is None else [each.wish() for each in body.targets]
    changed = await services.notifications.desk.change(user.user_id, body.changes(), wishes)
    await services.activity.write(
        ActivityKind.NOTIFICATION_SETTINGS_CHANGED,
        user.user_id,
        changed=sorted(body.model_fields_set),
    )
    return answer(settings_view(changed.settings, changed.secrets))


@router.get("", response_model=NotificationPage)
async def list_notifications(
    user: CurrentUser,
    services: ServicesOf,
    request: PageQuery,
    *,
    unread: Annotated[bool, Query(description="only those that are not marked as read")] = False,
) -> Response:
    """List what the caller has been told, newest first."""
    notifications = services.notifications.desk.stores.notifications
    found = await notifications.page(
        user.user_id, unread=unread, position=request.position, limit=request.fetch
    )
    listed = page(
        found, request, lambda each: PagePosition(each["created_at"], each["notification_id"])
    )
    return answer({**listed, "unread": await notifications.unread(user.user_id, MAX_LIMIT)})


@router.post("/{notification_id}/read", status_code=HTTPStatus.NO_CONTENT)
async def mark_read(
    notification_id: Identifier, user: CurrentUser, services: ServicesOf
) -> Response:
    """Mark one as read; again, it changes nothing."""
    is_there = await services.notifications.desk.stores.notifications.mark_read(
        user.user_id, notification_id, datetime.now(UTC)
    )
    if not is_there:
        raise Rejected(ErrorCode.NOT_FOUND, "there is no such notification")
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/read-all", status_code=HTTPStatus.NO_CONTENT)
async def mark_all_read(user: CurrentUser, services: ServicesOf) -> Response:
    """Mark all as read that are listed now."""
    now = datetime.now(UTC)
    await services.notifications.desk.stores.notifications.mark_all_read(user.user_id, now, now)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/deliveries", response_model=Page[DeliveryAnswer])
async def list_deliveries(user: CurrentUser, services: ServicesOf, request: PageQuery) -> Response:
    """List what became of everything that was sent to the caller's targets, newest first."""
    found = await services.notifications.desk.stores.deliveries.page(
        user.user_id, position=request.position, limit=request.fetch
    )
    return answer(
        page(found, request, lambda each: PagePosition(each["created_at"], each["_id"]), _delivery)
    )


@router.post(
    "/targets/{target_id}/test", response_model=TestAnswer, status_code=HTTPStatus.ACCEPTED
)
async def send_test(target_id: Identifier, user: CurrentUser, services: ServicesOf) -> Response:
    """Send a test to one of the caller's targets; the list of deliveries tells how it went."""
    await _within_rate(services, user.user_id)
    delivery_id = await services.notifications.desk.test(user.user_id, target_id)
    return answer({"delivery_id": delivery_id}, HTTPStatus.ACCEPTED)


async def _within_rate(services: Services, user_id: str) -> None:
    taken = await services.notifications.rate.take(user_id)
    if not taken.is_allowed:
        raise Rejected(
            ErrorCode.RATE_LIMITED,
            f"At most {taken.limit} changes and tests in {taken.window_s} seconds.",
            limit_type="notification_changes_per_minute",
            limit_value=taken.limit,
            retry_after_s=taken.reset_s,
        )


def _delivery(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "delivery_id": document["_id"],
        "target_id": document["target_id"],
        "notification_id": document["notification_id"],
        "state": document["state"],
        "attempts": document["attempts"],
        "detail": document.get("detail", ""),
        "due_at": document["due_at"],
        "created_at": document["created_at"],
        "finished_at": document.get("finished_at"),
    }
