"""What is sent: a notification, or many of them in a digest, for people and for programs."""

from datetime import datetime
from typing import Final

from adapters.exact_json import dump
from adapters.mongo import Document
from adapters.mongo_deliveries import Delivery
from domain.notifications import digest_text
from workers.notification_channels import Outgoing
from workers.notification_stores import NotificationStores

DIGEST_ITEMS: Final = 50


class Composer:
    """Puts together what a delivery tells.

    Args:
        stores: Where the words are.
        public_url: Where the dashboard is, for links.
    """

    def __init__(self, stores: NotificationStores, public_url: str) -> None:
        self._stores = stores
        self._public_url = public_url

    async def outgoing(self, delivery: Delivery, now: datetime) -> Outgoing | None:
        """Return what is sent, or None where there is nothing to tell any more."""
        if delivery.notification_id is not None:
            found = await self._stores.notifications.read([delivery.notification_id])
            document = found.get(delivery.notification_id)
            return None if document is None else self._one(document)
        members, count = await self._stores.deliveries.gather(delivery, now, DIGEST_ITEMS)
        found = await self._stores.notifications.read(members)
        return self._digest(delivery, [found[each] for each in members if each in found], count)

    def _one(self, document: Document) -> Outgoing:
        link = f"{self._public_url}{document['path']}"
        said = {
            "type": document["event"],
            "timestamp": document["happened_at"],
            "title": document["title"],
            "body": document["body"],
            "link": link,
            "data": document["data"],
        }
        body = f"{document['body']}\n{link}"
        return Outgoing(document["_id"], document["event"], document["title"], body, dump(said))

    def _digest(self, digest: Delivery, members: list[Document], count: int) -> Outgoing | None:
        if not members:
            return None
        title, lines = digest_text([f"{each['title']}: {each['body']}" for each in members], count)
        link = f"{self._public_url}/notifications"
        items = [
            {
                "id": each["_id"],
                "type": each["event"],
                "timestamp": each["happened_at"],
                "title": each["title"],
                "body": each["body"],
                "link": f"{self._public_url}{each['path']}",
            }
            for each in members
        ]
        said = {
            "type": "notification.digest",
            "timestamp": digest.created_at,
            "title": title,
            "body": lines,
            "link": link,
            "data": {"count": count, "notifications": items},
        }
        return Outgoing(
            digest.delivery_id, "notification.digest", title, f"{lines}\n{link}", dump(said)
        )
