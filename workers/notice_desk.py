"""The notice desk: how notices to users are begun."""

import asyncio
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from adapters.ending_tasks import end_tasks
from domain.account_notices import asks_for_notice
from domain.activity import Activity
from domain.errors import ErrorCode, Retryable
from domain.timing import START_TIMEOUT_S
from workers.temporal import NOTICES_QUEUE
from workflows.account_notice import AccountNotice, notice_id
from workflows.trade_execution import USER_ID

# While Temporal is away; the sweep begins what is more.
MOST_UNDER_WAY = 100

_log = structlog.get_logger(__name__)


class NoticeDesk:
    """Implements `activities.notices.Notices`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def begin(self, told: Activity) -> bool:
        """Begin the notice of this; False where it was begun before.

        Raises:
            Retryable: Temporal could not be reached.
        """
        try:
            await self._client.start_workflow(
                AccountNotice.run,
                told,
                id=notice_id(told.activity_id),
                task_queue=NOTICES_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=str(told.kind).replace("_", " "),
                static_details=f"tells `{told.user_id}` of `{told.activity_id}`",
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(USER_ID, told.user_id)]
                ),
                rpc_timeout=timedelta(seconds=START_TIMEOUT_S),
            )
        except WorkflowAlreadyStartedError:
            return False
        except RPCError as error:
            detail = "the notice could not be begun"
            raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, detail) from error
        return True


class BackgroundNotices:
    """Begins notices behind the back of whoever caused them; what it leaves, the sweep begins."""

    def __init__(self) -> None:
        self._desk: NoticeDesk | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def open(self, desk: NoticeDesk) -> None:
        """Begin notices at this desk from now on."""
        self._desk = desk

    def announce(self, told: Activity) -> None:
        """Begin a notice, where one is asked for; nobody waits for it."""
        desk = self._desk
        if desk is None or not asks_for_notice(told) or len(self._under_way) >= MOST_UNDER_WAY:
            return
        task = asyncio.create_task(_begin_or_leave(desk, told))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        self._desk = None
        await end_tasks(self._under_way)


async def _begin_or_leave(desk: NoticeDesk, told: Activity) -> None:
    try:
        await desk.begin(told)
    except Retryable as fault:
        _log.warning("notice.left_to_the_sweep", kind=told.kind, detail=fault.detail)
