"""People who want to be told things."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from domain.notifications import notifications_of
from tests.api.people import Edge, bearer
from tests.workers.notifying import executed

SETTINGS = "/api/notifications/settings"
LIST = "/api/notifications"


@dataclass
class Person:
    """Somebody who is signed in."""

    edge: Edge
    user_id: str
    headers: dict[str, str]

    async def get(self, path: str) -> Any:
        response = await self.edge.http.get(path, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def put(self, **changes: Any) -> httpx.Response:
        return await self.edge.http.put(SETTINGS, json=changes, headers=self.headers)

    async def post(self, path: str) -> httpx.Response:
        return await self.edge.http.post(path, headers=self.headers)

    async def saved(self, **changes: Any) -> Any:
        response = await self.put(**changes)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, **changes: Any) -> dict[str, str]:
        response = await self.put(**changes)
        assert response.status_code == 422, response.text
        return {each["field"]: each["message"] for each in response.json()["errors"]}

    async def told(self, count: int) -> list[str]:
        """List so many notifications; return their ids, newest first."""
        stores = self.edge.services.notifications.desk.stores
        for _ in range(count):
            await stores.notifications.add(
                notifications_of(executed(self.user_id)), datetime.now(UTC)
            )
        listed = await self.get(f"{LIST}?limit={count}")
        return [each["notification_id"] for each in listed["items"]]


async def person(edge: Edge) -> Person:
    registered = await edge.register()
    return Person(edge, registered["user"]["id"], bearer(registered["token"]))


def webhook(url: str | None, **more: Any) -> dict[str, Any]:
    return {"name": "mine", "kind": "webhook", **({"url": url} if url else {}), **more}
