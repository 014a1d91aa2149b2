"""Accounts in MongoDB: one document a user, changed by compare-and-set."""

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from weakref import WeakValueDictionary

from motor.motor_asyncio import AsyncIOMotorClientSession
from pydantic import TypeAdapter
from pymongo.errors import DuplicateKeyError, PyMongoError

from adapters.mongo import Database, Document
from adapters.mongo_errors import mongo_faults
from domain.account import Account, Balance
from domain.errors import ErrorCode, Rejected, Retryable
from domain.order_status import TERMINAL
from domain.positions import Position
from domain.reservation import Settled, settle
from domain.trade_view import position_view, trade_view
from domain.trades import Trade
from domain.trading_ports import Decision

# States of accounts that trade now, so that a decision needs no read before its write.
MAX_KNOWN_ACCOUNTS = 10_000
# Other processes win a compare-and-set now and then; this many times in a row means that
# something else is wrong.
MAX_TRIES = 20
# Fields of the document that follow from the others, for its indexes.
RESTING_SINCE = "resting_since"
UNCONFIRMED_SINCE = "unconfirmed_since"
_NOT_THE_ACCOUNTS = {"_id", RESTING_SINCE, UNCONFIRMED_SINCE}

# A record that may still be replaced: the end of a trade is written once.
_NOT_AT_ITS_END = {"$nin": [str(status) for status in TERMINAL]}

_account = TypeAdapter(Account)


class MongoAccountStore:
    """`domain.trading_ports.AccountStore` on the collections accounts, trades, positions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._accounts = database["accounts"]
        self._trades = database["trades"]
        self._positions = database["positions"]
        self._known: OrderedDict[str, Account] = OrderedDict()
        # Changes of one account queue here instead of colliding in the database.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Who waits for the next write of an account here.
        self._awaited: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    async def open_account(self, user_id: str, balances: dict[str, Decimal]) -> None:
        """Make the account with these free balances; a second call changes nothing."""
        held = {asset: Balance(free=free) for asset, free in balances.items()}
        fields = to_document(Account(user_id=user_id, balances=held))
        del fields["_id"]
        with mongo_faults():
            await self._accounts.update_one({"_id": user_id}, {"$setOnInsert": fields}, upsert=True)

    async def load(self, user_id: str) -> Account:
        """Return the committed state."""
        with mongo_faults():
            document = await self._accounts.find_one({"_id": user_id})
        if document is None:
            raise Rejected(ErrorCode.NOT_FOUND, "there is no trading account")
        account = from_document(document)
        self._remember(account)
        return account

    async def known(self, user_id: str) -> Account:
        """Return the last state that this process committed or read; load where it has none."""
        return self._known.get(user_id) or await self.load(user_id)

    async def written(self, user_id: str, within_s: float) -> None:
        """Wait until this process writes the account, at most so long."""
        awaited = self._awaited.setdefault(user_id, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await awaited.wait()

    async def change(self, user_id: str, decide: Decision) -> Account:
        """Apply a decision by compare-and-set."""
        async with self._lock(user_id):
            account = self._known.get(user_id)
            is_committed = account is None
            if account is None:
                account = await self.load(user_id)
            for _ in range(MAX_TRIES):
                changed = decide(account)
                if changed is None and is_committed:
                    return account
                if changed is not None:
                    with mongo_faults():
                        written = await self._write(account, changed, None)
                    if written is not None:
                        self._wrote(written)
                        return written
                account = await self.load(user_id)
                is_committed = True
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "the account changes too fast")

    async def settle(self, trade: Trade) -> Settled:
        """Put a trade's fills on its account and write its record, all or nothing."""
        user_id = trade.order.user_id
        async with self._lock(user_id):
            account = self._known.get(user_id) or await self.load(user_id)
            for _ in range(MAX_TRIES):
                if self._is_old(account, trade):
                    account = await self.load(user_id)
                    if self._is_old(account, trade):
                        return Settled(account)
                settled = settle(account, trade)
                try:
                    written = await self._commit(account, settled, trade)
                except DuplicateKeyError:
                    # It was settled before. What is on the account is the reservation of a
                    # repeat, which takes it back; the fills on it would count twice.
                    return Settled(account)
                if written is not None:
                    return replace(settled, account=written)
                account = await self.load(user_id)
        raise Retryable(ErrorCode.SERVICE_UNAVAILABLE, "the account changes too fast")

    @staticmethod
    def _is_old(account: Account, trade: Trade) -> bool:
        """Whether the account has seen this state of the trade, or a later one.

        A trade leaves the account in the same transaction that writes its last record.
        """
        open_order = account.orders.get(trade.order.trade_id)
        if open_order is None:
            return True
        return not trade.is_terminal and len(trade.fills) < len(open_order.applied_fills)

    async def _commit(self, old: Account, settled: Settled, trade: Trade) -> Account | None:
        """Write account, record and positions in one transaction; None when another won."""
        with mongo_faults():
            async with await self._database.client.start_session() as session:
                try:
                    async with session.start_transaction():
                        written = await self._write(old, settled.account, session)
                        if written is None:
                            await session.abort_transaction()
                            return None
                        await self._record(trade, settled.positions, session)
                except PyMongoError as error:
                    # A conflict is another process that won; a lost connection is the same
                    # to us, and is told by the reload that follows.
                    if error.has_error_label("TransientTransactionError"):
                        return None
                    raise
        self._wrote(written)
        return written

    async def _record(
        self,
        trade: Trade,
        positions: tuple[Position, ...],
        session: AsyncIOMotorClientSession,
    ) -> None:
        """Write the records.

        Raises:
            DuplicateKeyError: The trade's is at its end already.
        """
        record = {**trade_view(trade), "fingerprint": trade.order.fingerprint}
        replaceable = {"_id": trade.order.trade_id, "status": _NOT_AT_ITS_END}
        await self._trades.replace_one(replaceable, record, upsert=True, session=session)
        for position in positions:
            view = position_view(position)
            del view["mark_price"], view["unrealized_pnl"]
            await self._positions.replace_one(
                {"_id": position.position_id}, view, upsert=True, session=session
            )

    async def _write(
        self, old: Account, new: Account, session: AsyncIOMotorClientSession | None
    ) -> Account | None:
        """Replace the document if it is still the old version; None where it is not."""
        new = replace(new, version=old.version + 1)
        self._known.pop(old.user_id, None)  # until the outcome is known, nothing is
        result = await self._accounts.replace_one(
            {"_id": old.user_id, "version": old.version}, to_document(new), session=session
        )
        return new if result.matched_count else None

    def _lock(self, user_id: str) -> asyncio.Lock:
        return self._locks.setdefault(user_id, asyncio.Lock())

    def _wrote(self, account: Account) -> None:
        self._remember(account)
        if awaited := self._awaited.pop(account.user_id, None):
            awaited.set()

    def _remember(self, account: Account) -> None:
        self._known[account.user_id] = account
        self._known.move_to_end(account.user_id)
        if len(self._known) > MAX_KNOWN_ACCOUNTS:
            self._known.popitem(last=False)


def to_document(account: Account) -> Document:
    """Return the account's document."""
    document: Document = _account.dump_python(account)
    return {"_id": account.user_id, **document, **_derived(account)}


def from_document(document: Document) -> Account:
    """Return the account of a document."""
    fields = {name: value for name, value in document.items() if name not in _NOT_THE_ACCOUNTS}
    return _account.validate_python(fields)


def _derived(account: Account) -> Document:
    """Return what `adapters.mongo_open_orders` finds accounts by: the oldest order's time.

    One field for the orders that the venue has confirmed, and one for those it has not.
    """
    oldest: dict[bool, datetime] = {}
    for order in account.orders.values():
        earlier = oldest.get(order.is_confirmed, order.created_at)
        oldest[order.is_confirmed] = min(earlier, order.created_at)
    return {RESTING_SINCE: oldest.get(True), UNCONFIRMED_SINCE: oldest.get(False)}
