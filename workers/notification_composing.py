"""What is sent: a notification, or many of them in a digest, for people and for programs."""

from datetime import datetime, timedelta
from typing import Final

from adapters.exact_json import dump
from adapters.mongo import Document
from adapters.mongo_deliveries import Delivery
from domain.notifications import digest_text
from workers.notification_channels import Outgoing
from workers.notification_stores import NotificationStores

DIGEST_ITEMS: Final = 50
# The outbox is written before the list. An event whose planning was interrupted comes again at
# once; a store may be away for longer.
_WORDS_WITHIN: Final = timedelta(days=1)
# The rest of a digest does not wait for one as long as that.
_WORDS_OF_A_MEMBER_WITHIN: Final = timedelta(minutes=5)


class NoWordsYetError(Exception):
    """What is told is not written yet."""


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
        """Return what is sent, or None where there is nothing to tell any more.

        Raises:
            NoWordsYetError: Whoever put it into the outbox has yet to list it.
        """
        if delivery.notification_id is not None:
            found = await self._stores.notifications.read([delivery.notification_id])
            document = found.get(delivery.notification_id)
            if document is None and now - delivery.created_at < _WORDS_WITHIN:
                raise NoWordsYetError
            return None if document is None else self._one(document)
        members, count = await self._stores.deliveries.gather(delivery, now, DIGEST_ITEMS)
        found = await self._stores.notifications.read([each["notification_id"] for each in members])
        if any(
            each["notification_id"] not in found
            and now - each["created_at"] < _WORDS_OF_A_MEMBER_WITHIN
            for each in members
        ):
            raise NoWordsYetError
        told = [
            found[each["notification_id"]] for each in members if each["notification_id"] in found
        ]
        return self._digest(delivery, told, count)

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
