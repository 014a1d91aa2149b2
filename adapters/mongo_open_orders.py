"""Whose orders are open, over all accounts: for the streams that follow and the sweep."""

from datetime import UTC, datetime

from adapters.mongo import Database
from adapters.mongo_accounts import RESTING_SINCE, UNCONFIRMED_SINCE, from_document
from adapters.mongo_errors import mongo_faults
from domain.account import OpenOrder

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# A sweep has seconds; what is left over is found by the next one.
MAX_ACCOUNTS_A_SWEEP = 500


class MongoOpenOrders:
    """Queries of the collection accounts by the fields that follow from its orders."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]

    async def users_with_resting_orders(self) -> list[str]:
        """Return the users with orders that the venue has confirmed and that are still open.

        Raises:
            Retryable: The store could not be reached.
        """
        resting = {RESTING_SINCE: {"$gt": _BEGINNING}}
        with mongo_faults():
            found = await self._accounts.find(resting, {"_id": True}).to_list(None)
        return [document["_id"] for document in found]

    async def resting_trades(self, user_id: str) -> list[str]:
        """Return the ids of the trades behind a user's orders at the venue, oldest first.

        Raises:
            Retryable: The store could not be reached.
        """
        with mongo_faults():
            document = await self._accounts.find_one({"_id": user_id})
        orders = from_document(document).orders.values() if document else ()
        confirmed = [open_order for open_order in orders if open_order.is_confirmed]
        confirmed.sort(key=lambda open_order: open_order.created_at)
        return [open_order.order.trade_id for open_order in confirmed]

    async def unconfirmed(self, before: datetime) -> list[OpenOrder]:
        """Return the orders, made before this, that the venue has not confirmed; oldest first.

        Raises:
            Retryable: The store could not be reached.
        """
        old = {UNCONFIRMED_SINCE: {"$lt": before}}
        with mongo_faults():
            cursor = self._accounts.find(old).sort(UNCONFIRMED_SINCE).limit(MAX_ACCOUNTS_A_SWEEP)
            documents = await cursor.to_list(None)
        accounts = [from_document(document) for document in documents]
        orders = [open_order for account in accounts for open_order in account.orders.values()]
        unconfirmed = [o for o in orders if not o.is_confirmed and o.created_at < before]
        return sorted(unconfirmed, key=lambda open_order: open_order.created_at)
