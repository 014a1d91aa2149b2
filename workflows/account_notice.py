"""One notice to a user, of something that happened to their account."""

from temporalio import workflow

from activities.notices import NoticeActivities
from domain.activity import Activity
from workflows.steps import persistently


def notice_id(activity_id: str) -> str:
    """Name the workflow of a notice."""
    return f"notice-{activity_id}"


@workflow.defn(name="AccountNotice")
class AccountNotice:
    """Publishes, however long the broker is away."""

    @workflow.run
    async def run(self, told: Activity) -> None:
        """Publish the notice, once or under the same `message_id` again."""
        await persistently(NoticeActivities.publish, told, summary="publish the event")
