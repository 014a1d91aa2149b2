"""The exchange as one object: engine, journal, markets and listeners.

Hazard: `commit` is what makes an act true. Answers and user events leave after it, never before.
"""

import asyncio
import gc
import secrets
import string
import time
from decimal import Decimal
from typing import Final

import orjson

from sandbox.exchange.core import journal as journal_file
from sandbox.exchange.core.engine import Engine
from sandbox.exchange.core.journal import Journal
from sandbox.exchange.core.ledger import Account, Ledger
from sandbox.exchange.core.records import AccountOpened, PriceShifted, Record, TradeIdsReserved
from sandbox.exchange.core.symbols import SYMBOLS
from sandbox.exchange.market.candles import Candles
from sandbox.exchange.market.listing import Listing
from sandbox.exchange.market.maker import Maker
from sandbox.exchange.market.noise import PriceFunction
from sandbox.exchange.market.source import ModelSource
from sandbox.exchange.market.ticker import AVERAGE_MS, RollingWindow, day_window
from sandbox.exchange.protocol.broadcast import broadcast
from sandbox.exchange.protocol.faults import Fault, Faults
from sandbox.exchange.protocol.hub import Connection, Hub
from sandbox.exchange.protocol.limits import Limits
from sandbox.exchange.protocol.user_events import events_of, position, touched_assets
from sandbox.exchange.settings import Settings

_KEY_LETTERS: Final = string.ascii_letters + string.digits


def now_ms() -> int:
    """The venue's clock, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Venue:
    """One running exchange.

    Args:
        settings: What was chosen at start.
    """

    def __init__(self, settings: Settings) -> None:
        started_ms = now_ms()
        self.settings = settings
        self.ledger = Ledger()
        # Locked before it is read: reading cuts off a torn end.
        self.journal = Journal(settings.directory)
        # The past only grows and holds no cycles: the collector need not look at it, neither
        # while it is read nor ever after.
        gc.disable()
        self.recovered_lines = journal_file.read(settings.directory, self.ledger.apply)
        gc.freeze()
        gc.enable()
        self.engine = Engine(self.ledger, settings.maker_rate, settings.taker_rate)
        self.engine.on_record = self._note
        self.hub = Hub()
        self.limits = Limits(
            settings.weight_limit, settings.order_limit_10s, settings.order_limit_1d
        )
        self.faults = Faults()
        self.listings = {symbol: self._list(symbol, started_ms) for symbol in SYMBOLS}
        self._events: list[tuple[str, bytes]] = []
        self._touched: dict[str, dict[str, None]] = {}

    def _list(self, symbol: str, started_ms: int) -> Listing:
        rules = SYMBOLS[symbol]
        market = self.engine.markets[symbol]
        model = PriceFunction(
            self.settings.seed, symbol, float(rules.start_price), rules.daily_volatility
        )
        factor = float(self.ledger.price_factors.get(symbol, "1"))
        source = ModelSource(model, factor)
        market.last_price = rules.to_tick(Decimal(f"{source.targets(started_ms)[-1]:.8f}"))
        candles = Candles(rules, model, started_ms, market.last_price)
        listing = Listing(
            market,
            Maker(self.engine, market, self.settings.seed),
            candles,
            day_window(candles),
            RollingWindow(candles, AVERAGE_MS),
            model,
            source,
        )
        # There are never more aggregates than trades: their ids rise across restarts, too.
        listing.next_aggregate = market.next_trade_id
        return listing

    def _note(self, record: Record) -> None:
        """Keep the events of a record until it is on disk."""
        if isinstance(record, TradeIdsReserved | PriceShifted):
            return
        if self.hub.by_account.get(record.account_id):
            for event in events_of(record, self.ledger):
                self._events.append((record.account_id, orjson.dumps(event)))
            touched = self._touched.setdefault(record.account_id, {})
            touched.update(dict.fromkeys(touched_assets(record)))

    async def commit(self) -> None:
        """Make what has happened durable, then tell its accounts."""
        waiting = self.commit_soon()
        if waiting is not None:
            await waiting

    def commit_soon(self) -> asyncio.Future[None] | None:
        """Start a commit; user events leave when it is done. None when nothing has happened."""
        self.publish_markets()
        records = self.engine.take()
        if not records:
            return None
        events, self._events = self._events, []
        touched, self._touched = self._touched, {}
        for account_id, assets in touched.items():
            if assets:
                event = position(account_id, list(assets), self.ledger)
                events.append((account_id, orjson.dumps(event)))
        waiting = self.journal.append(records)
        if events:

            def tell(_: asyncio.Future[None]) -> None:
                for account_id, raw in events:
                    self.hub.publish_user(account_id, raw)

            waiting.add_done_callback(tell)
        return waiting

    def publish_markets(self) -> None:
        """Send trades and changed books of every symbol to its listeners."""
        for listing in self.listings.values():
            broadcast(self.hub, listing)

    async def open_account(
        self, balances: dict[str, Decimal], *, can_trade: bool = True
    ) -> Account:
        """Open an account with a key of its own."""
        account_id = f"acc-{secrets.token_hex(8)}"
        self.engine.open_account(
            AccountOpened(
                time=now_ms(),
                account_id=account_id,
                api_key=_key(),
                api_secret=_key(),
                balances=balances,
                can_trade=can_trade,
            )
        )
        await self.commit()
        return self.ledger.accounts[account_id]

    async def apply_stream_faults(self, added: Fault | None = None) -> None:
        """Close, silence or warn streams as the faults say; `added` was just switched on."""
        self.hub.silent_market.clear()
        self.hub.silent_users.clear()
        for fault in self.faults.items.values():
            if fault.kind == "silence_streams":
                if fault.target != "user":
                    self.hub.silent_market.add(fault.match.stream or "*")
                if fault.target != "market":
                    self.hub.silent_users.add(fault.match.account_id or "*")
        if added is not None and added.kind == "close_streams":
            for connection in self._concerned(added):
                connection.drop()
                added.fired += 1
        if added is not None and added.kind == "announce_shutdown":
            event = {"e": "serverShutdown", "E": now_ms()}
            for connection in self._concerned(added):
                # The WebSocket API wraps its events, market streams do not wrap this one.
                told = event if connection.streams else {"event": event}
                connection.send(orjson.dumps(told))
                added.fired += 1

    def _concerned(self, fault: Fault) -> list[Connection]:
        """The connections that a fault of streams is about."""
        match, found = fault.match, []
        for connection in self.hub.connections:
            market = bool(connection.streams) and match.stream in {None, *connection.streams}
            user = bool(connection.users) and match.account_id in {None, *connection.users.values()}
            if (market and fault.target != "user") or (user and fault.target != "market"):
                found.append(connection)
        return found

    async def close_connections(self) -> None:
        """Say goodbye to every WebSocket client."""
        for connection in list(self.hub.connections):
            await connection.close()

    async def close(self) -> None:
        """Write down what is left; no request may be under way any more."""
        await self.commit()
        await self.journal.close()


def _key() -> str:
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(64))
